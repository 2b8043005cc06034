#include "apps/picture_list.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

namespace banyan {

namespace fs = std::filesystem;

namespace {

/// By the name alone; hidden files (".…") are none.
bool is_picture_name(const fs::path& path) {
    if (path.filename().string().front() == '.') return false;
    std::string ending = path.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
    return ending == ".jpg" || ending == ".jpeg" || ending == ".png";
}

std::vector<std::string> pictures_in(const std::string& folder, DataProblems& problems) {
    std::vector<std::string> files;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code ignored;
        if (is_picture_name(entry->path()) && !entry->is_directory(ignored)) files.push_back(entry->path().string());
    }
    if (error) {
        problems.add({folder, "cannot be listed: " + error.message(), "", "", ""});
    } else if (files.empty()) {
        problems.add({folder, "no picture in this folder", "files ending in .jpg, .jpeg or .png", "", ""});
    }
    std::sort(files.begin(), files.end());
    return files;
}

} // namespace

std::vector<std::string> list_pictures(const std::vector<std::string>& paths, DataProblems& problems) {
    std::vector<std::string> pictures;
    std::set<std::string> seen;
    for (const std::string& path : paths) {
        std::vector<std::string> files{path};
        std::error_code error;
        if (fs::is_directory(path, error)) {
            files = pictures_in(path, problems);
        } else if (!fs::exists(path, error)) {
            problems.add({path, "no such file or folder", "", "", ""});
            continue;
        }
        for (std::string& file : files) {
            if (seen.insert(file).second) pictures.push_back(std::move(file));
        }
    }
    return pictures;
}

} // namespace banyan
