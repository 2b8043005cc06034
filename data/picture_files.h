#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace banyan {

/// What a folder and its subfolders hold.
struct PictureFiles {
    std::vector<std::string> names; ///< JPEG and PNG by their name's ending, relative to the folder, sorted
    std::size_t other_types = 0;    ///< pictures of types that cannot be read
};

/// Hidden files and folders are passed over; links to folders are not followed. @throws IoError
PictureFiles find_pictures(const std::string& folder);

/// Names of the files in `folder` itself that end in `ending` (".xml"), sorted. @throws IoError
std::vector<std::string> find_files(const std::string& folder, const std::string& ending);

} // namespace banyan
