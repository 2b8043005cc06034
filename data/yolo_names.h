#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace banyan {

/// Class names of a YOLO data.yaml: the key "names" as a flow list, flow map, block list or block map (keys 0 … n-1),
/// and "nc", which must agree where it stands. Everything else in the file is passed over.
/// @throws DataError no names, broken quoting or brackets, gaps in the numbering, nc disagrees
std::vector<std::string> parse_yolo_yaml(std::string_view text, const std::string& file);

/// Class names of a .names or .txt file, one a line; blank lines at the end are no names.
/// @throws DataError no names, or an empty one between others
std::vector<std::string> parse_yolo_name_list(std::string_view text, const std::string& file);

} // namespace banyan
