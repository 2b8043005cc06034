#include "data/picture_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <string_view>

#include "core/error.h"

namespace banyan {
namespace {

namespace fs = std::filesystem;

std::string lower_ending(const fs::path& path) {
    std::string ending = path.extension().string();
    for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return ending;
}

bool is_hidden(const fs::path& path) { return path.filename().string().front() == '.'; }

[[noreturn]] void refuse(const std::string& folder, const fs::filesystem_error& error) {
    throw IoError({folder, "cannot be listed: " + error.code().message(), "a folder", "", ""});
}

} // namespace

PictureFiles find_pictures(const std::string& folder) {
    constexpr std::array<std::string_view, 3> kReadable{".jpg", ".jpeg", ".png"};
    constexpr std::array<std::string_view, 6> kOther{".bmp", ".gif", ".tif", ".tiff", ".webp", ".heic"};
    PictureFiles files;
    try {
        for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::end(entry); ++entry) {
            if (is_hidden(entry->path())) {
                entry.disable_recursion_pending();
                continue;
            }
            if (!entry->is_regular_file()) continue;
            const std::string ending = lower_ending(entry->path());
            if (std::find(kReadable.begin(), kReadable.end(), ending) != kReadable.end()) {
                files.names.push_back(entry->path().lexically_relative(folder).string());
            } else if (std::find(kOther.begin(), kOther.end(), ending) != kOther.end()) {
                ++files.other_types;
            }
        }
    } catch (const fs::filesystem_error& error) {
        refuse(folder, error);
    }
    std::sort(files.names.begin(), files.names.end());
    return files;
}

std::vector<std::string> find_files(const std::string& folder, const std::string& ending) {
    std::vector<std::string> names;
    try {
        for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
            const bool wanted = lower_ending(entry.path()) == ending && !is_hidden(entry.path());
            if (wanted && entry.is_regular_file()) names.push_back(entry.path().filename().string());
        }
    } catch (const fs::filesystem_error& error) {
        refuse(folder, error);
    }
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace banyan
