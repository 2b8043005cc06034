#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "data/data_problems.h"

namespace banyan {

/// One list of a JSON file's top-level object, and the members of its entries that are wanted.
struct JsonEntryList {
    std::string name;
    std::vector<std::string_view> members;
    /// Gets each entry, which may be any JSON value; an object holds its wanted members only.
    std::function<void(const nlohmann::json& entry, std::size_t index)> take;
};

/// Streams through `text`, an object of long lists such as a COCO file, without building a document: only one entry
/// exists at a time, and members not wanted (segmentations) are passed over. A missing list, one that is no list,
/// duplicate keys and broken syntax are added to `problems`; after broken syntax the rest is not read.
void stream_json_entries(std::string_view text, const std::string& path, const std::vector<JsonEntryList>& lists,
                         DataProblems& problems);

} // namespace banyan
