#include "core/atomic_file.h"

#include <csignal>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan {
namespace {

namespace fs = std::filesystem;

std::size_t file_count(const std::string& folder) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder)) ++count;
    return count;
}

/// While it lives no file of this process can grow beyond `bytes`, as on a full disk.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &old_limit_);
        const rlimit limit{bytes, old_limit_.rlim_max};
        EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    }
    ~FileSizeLimit() {
        setrlimit(RLIMIT_FSIZE, &old_limit_);
        std::signal(SIGXFSZ, old_handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

private:
    rlimit old_limit_{};
    void (*old_handler_)(int);
};

TEST(WriteFileAtomically, WritesAndReplacesByteForByte) {
    const TempDir dir;
    const std::string path = dir.file("a.bin");
    const std::string content("x\0\r\n\xff", 5);
    write_file_atomically(path, content);
    EXPECT_EQ(read_file(path), content);
    write_file_atomically(path, "shorter");
    EXPECT_EQ(read_file(path), "shorter");
    write_file_atomically(path, "");
    EXPECT_EQ(read_file(path), "");
    EXPECT_EQ(file_count(dir.path()), 1U);
}

TEST(WriteFileAtomically, JoinsPieces) {
    const TempDir dir;
    write_file_atomically(dir.file("a"), std::vector<std::string_view>{"ab", "", "cd"});
    EXPECT_EQ(read_file(dir.file("a")), "abcd");
    write_file_atomically(dir.file("a"), std::vector<std::string_view>{});
    EXPECT_EQ(read_file(dir.file("a")), "");
}

TEST(WriteFileAtomically, CreatesParentFolders) {
    const TempDir dir;
    write_file_atomically(dir.file("x/y/z.txt"), "deep");
    EXPECT_EQ(read_file(dir.file("x/y/z.txt")), "deep");
}

TEST(WriteFileAtomically, KeepsTheOldFileWhenTheDiskIsFull) {
    const TempDir dir;
    const std::string path = dir.write("a", "old");
    {
        const FileSizeLimit limit(1000);
        expect_error<IoError>([&] { write_file_atomically(path, std::string(5000, 'n')); }, {path, "cannot write"});
    }
    EXPECT_EQ(read_file(path), "old");
    EXPECT_EQ(file_count(dir.path()), 1U) << "the temporary is left";
    write_file_atomically(path, std::string(5000, 'n'));
    EXPECT_EQ(read_file(path).size(), 5000U);
}

TEST(WriteFileAtomically, KeepsThePermissionsOfTheOldFile) {
    const TempDir dir;
    const std::string path = dir.write("a", "old");
    ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
    write_file_atomically(path, "new");
    struct stat status = {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0640U);
}

TEST(WriteFileAtomically, FollowsALinkInsteadOfReplacingIt) {
    const TempDir dir;
    const std::string path = dir.write("real/a", "old");
    fs::create_symlink(path, dir.file("link"));
    write_file_atomically(dir.file("link"), "new");
    EXPECT_TRUE(fs::is_symlink(dir.file("link")));
    EXPECT_EQ(read_file(path), "new");
}

TEST(WriteFileAtomically, RefusesFoldersDevicesAndDeadLinks) {
    const TempDir dir;
    expect_error<IoError>([&] { write_file_atomically(dir.path(), "x"); }, {dir.path(), "a folder"});
    expect_error<IoError>([] { write_file_atomically("/dev/full", "x"); }, {"/dev/full", "a device"});
    EXPECT_TRUE(fs::is_character_file("/dev/full"));
    fs::create_symlink(dir.file("nowhere"), dir.file("link"));
    expect_error<IoError>([&] { write_file_atomically(dir.file("link"), "x"); }, {dir.file("link"), "link"});
}

TEST(WriteFileAtomically, RefusesAParentThatIsAFile) {
    const TempDir dir;
    const std::string path = dir.write("a", "old");
    expect_error<IoError>([&] { write_file_atomically(path + "/b", "x"); }, {path + "/b"});
    EXPECT_EQ(read_file(path), "old");
}

TEST(WriteFileAtomically, SaysWhenTheFolderMayNotBeWritten) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
    const TempDir dir;
    ASSERT_EQ(::chmod(dir.path().c_str(), 0500), 0);
    expect_error<IoError>([&] { write_file_atomically(dir.file("a"), "x"); }, {dir.file("a"), "Permission denied"});
    ASSERT_EQ(::chmod(dir.path().c_str(), 0700), 0);
}

TEST(WriteFileAtomically, PassesByTemporariesOfAKilledProcessOfTheSameId) {
    const TempDir dir;
    const std::string path = dir.file("a");
    // Whatever number comes next, it is taken.
    for (int i = 0; i < 200; ++i) dir.write("a.tmp." + std::to_string(::getpid()) + "." + std::to_string(i), "left");
    write_file_atomically(path, "new");
    EXPECT_EQ(read_file(path), "new");
}

TEST(ReadFile, RefusesMissingFilesAndFolders) {
    const TempDir dir;
    expect_error<IoError>([&] { read_file(dir.file("none")); }, {dir.file("none"), "cannot read", "No such file"});
    expect_error<IoError>([&] { read_file(dir.path()); }, {dir.path(), "cannot read", "directory"});
}

TEST(ReadFile, HoldsTheLimit) {
    const TempDir dir;
    const std::string path = dir.write("a", "12345");
    EXPECT_EQ(read_file(path, 5), "12345");
    expect_error<IoError>([&] { read_file(path, 4); }, {path, "too large", "at most 4 bytes", "5 bytes"});
    expect_error<IoError>([] { read_file("/dev/zero", 4000000); }, {"/dev/zero", "too large"});
}

TEST(ReadFile, ReadsFilesThatHideTheirSize) {
    EXPECT_NE(read_file("/proc/self/status").find("Pid:"), std::string::npos);
    EXPECT_EQ(read_file("/dev/null"), "");
}

} // namespace
} // namespace banyan
