#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/data_problems.h"
#include "data/source_labels.h"

namespace banyan {

/// One line of a split list.
struct SplitEntry {
    std::string name;
    std::int64_t line = 0;
};

/// Reads a list of pictures, one a line; blank lines are skipped, names may hold spaces. Lists without an entry and
/// repeated names are problems; a repeated name is returned once. @throws IoError
std::vector<SplitEntry> read_split(const std::string& path, DataProblems& problems);

/// The pictures that the list at `path` names (by SourcePicture::id), in its order; all when `path` is empty; cut
/// to the first `limit` unless that is 0. A name without a picture is a problem. @throws IoError
std::vector<SourcePicture> select_pictures(std::vector<SourcePicture> pictures, const std::string& path,
                                           std::int64_t limit, DataProblems& problems);

} // namespace banyan
