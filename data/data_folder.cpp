#include "data/data_folder.h"

#include <filesystem>
#include <system_error>

#include "core/error.h"

namespace banyan {
namespace {

namespace fs = std::filesystem;

/// The path with links resolved as far as it exists.
std::string real_path_of(const fs::path& path) {
    std::error_code error;
    const fs::path real = fs::weakly_canonical(path, error);
    return error ? std::string() : real.string(); // "" is inside of nothing: an unreadable link is refused
}

std::string with_slash(std::string folder) {
    if (!folder.empty() && folder.back() != '/') folder += '/';
    return folder;
}

bool begins_with(const std::string& text, const std::string& beginning) {
    return !beginning.empty() && text.compare(0, beginning.size(), beginning) == 0;
}

} // namespace

DataFolder::DataFolder(const std::string& root, const std::string& images)
    : root_(fs::path(root).lexically_normal().string()), images_(path(images)) {
    std::error_code error;
    if (!fs::is_directory(root_, error)) {
        throw IoError(
            {root, "no such folder", "the data set's root", "", "check \"root\" and its environment variable"});
    }
    real_root_ = with_slash(real_path_of(root_));
    real_images_ = with_slash(real_path_of(images_));
}

std::string DataFolder::path(const std::string& config_path) const {
    std::string text = (fs::path(root_) / config_path).lexically_normal().string();
    while (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
}

std::string DataFolder::inside(const std::string& base, const std::string& name, const std::string& where) {
    const fs::path relative(name);
    const fs::path path = (fs::path(base) / relative).lexically_normal();
    if (name.empty() || relative.is_absolute() || !path.has_filename()) {
        throw DataError({where, "not a file name", "a path relative to " + base, "\"" + name + "\"", ""});
    }
    const std::string parent = path.parent_path().string();
    auto known = real_parents_.find(parent);
    if (known == real_parents_.end()) {
        known = real_parents_.emplace(parent, with_slash(real_path_of(parent))).first;
    }
    std::error_code error;
    const bool is_link = fs::is_symlink(fs::symlink_status(path, error));
    if (is_inside(is_link ? real_path_of(path) : known->second)) return path.string();
    throw DataError({where, "file outside the data set's folder", "a file below " + root_, "\"" + name + "\"",
                     "copy it into the folder"});
}

bool DataFolder::is_inside(const std::string& real_path) const {
    return begins_with(real_path, real_root_) || begins_with(real_path, real_images_);
}

} // namespace banyan
