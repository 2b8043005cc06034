#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "data/data_folder.h"
#include "data/data_problems.h"
#include "data/dataset.h"

namespace banyan {

/// Finds the pictures that lists name: as the data set calls them, or by the file's name alone, both with or without
/// the ending. A full name goes before a short one.
class PictureIndex {
public:
    /// @param base folder that names are relative to. All must outlive it.
    PictureIndex(const std::vector<Record>& records, std::string base, const DataFolder& folder);

    /// Index of the record; nothing where none or several are called so.
    std::optional<std::size_t> find(const std::string& name) const;

    /// The same, where lists must be right: a name that is no picture of the data set, or that of several, is added to
    /// `problems`. A picture that lies in the folder without being used (it is not in the split) is no problem.
    std::optional<std::size_t> require(const std::string& name, const std::string& where, DataProblems& problems);

private:
    using Names = std::unordered_map<std::string, std::ptrdiff_t>; ///< -1: several

    bool lies_in_folder(const std::string& name);

    std::vector<Names> names_; ///< best first
    std::string base_;
    const DataFolder& folder_;
    std::optional<std::unordered_set<std::string>> in_folder_; ///< names of all pictures there, once they are needed
};

} // namespace banyan
