#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace banyan {

/// Replaces the file at `path` in one step: temporary beside it -> write -> fsync -> rename -> fsync of the folder.
/// On any failure the temporary is removed and the old file is untouched. Parent folders are created.
/// @throws IoError with path and the system's reason (e.g. no space left on device)
void write_file_atomically(const std::string& path, std::string_view content);
/// The same for several pieces written one after the other (no copy into one buffer).
void write_file_atomically(const std::string& path, const std::vector<std::string_view>& pieces);

/// Whole content of a file. @throws IoError missing, unreadable, a folder, or larger than `limit_bytes`.
std::string read_file(const std::string& path, std::size_t limit_bytes = std::size_t{8} << 30);

} // namespace banyan
