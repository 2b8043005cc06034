#pragma once

#include <map>
#include <string>

namespace banyan {

/// A data set's folder. Paths that the config states are trusted; names that the data set's own files state must stay
/// inside the folder, also after symbolic links are followed.
class DataFolder {
public:
    /// `images`: the pictures' folder as the config states it, relative to `root`; it may be a link to another disk and
    /// then counts as inside. @throws IoError `root` is not a folder
    DataFolder(const std::string& root, const std::string& images);

    const std::string& root() const { return root_; }
    /// The pictures' folder.
    const std::string& images() const { return images_; }
    /// A path of the config, relative to root.
    std::string path(const std::string& config_path) const;

    /// Path of `name`, which stands in an annotation at `where`, relative to `base` (root() or images()). The file
    /// itself need not exist. Not thread-safe: folders already seen are remembered.
    /// @throws DataError empty, absolute, or leads outside
    std::string inside(const std::string& base, const std::string& name, const std::string& where);

private:
    bool is_inside(const std::string& real_path) const;

    std::string root_;
    std::string images_;
    std::string real_root_; ///< links resolved, ends in "/"
    std::string real_images_;
    std::map<std::string, std::string> real_parents_; ///< folder -> the same with links resolved, ends in "/"
};

} // namespace banyan
