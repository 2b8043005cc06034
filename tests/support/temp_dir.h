#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace banyan::test {

/// A new empty folder under the system's temporary folder; removed with all it holds by the destructor.
class TempDir {
public:
    TempDir() {
        std::string pattern = (std::filesystem::temp_directory_path() / "banyan-test-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) {
            throw std::filesystem::filesystem_error("cannot create a temporary folder", pattern,
                                                    std::error_code(errno, std::generic_category()));
        }
        path_ = pattern;
    }
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    const std::string& path() const { return path_; }
    /// Path of `name` in the folder; nothing is created.
    std::string file(const std::string& name) const { return (std::filesystem::path(path_) / name).string(); }

    /// Writes `text` byte for byte to `name`, with the folders `name` needs. @return its path
    std::string write(const std::string& name, std::string_view text) const {
        const std::string target = file(name);
        std::filesystem::create_directories(std::filesystem::path(target).parent_path());
        std::ofstream out(target, std::ios::binary | std::ios::trunc);
        out.write(text.data(), static_cast<std::streamsize>(text.size()));
        out.close();
        if (!out) {
            throw std::filesystem::filesystem_error("cannot write a test file", target,
                                                    std::make_error_code(std::errc::io_error));
        }
        return target;
    }

private:
    std::string path_;
};

} // namespace banyan::test

namespace banyan {
using test::TempDir;
} // namespace banyan
