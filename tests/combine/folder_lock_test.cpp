#include "combine/folder_lock.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan::test {
namespace {

TEST(FolderLock, IsHeldByOneAtATime) {
    const TempDir dir;
    const std::string folder = dir.file("new/run");
    {
        const auto lock = FolderLock::try_lock(folder);
        ASSERT_TRUE(lock);
        EXPECT_FALSE(FolderLock::try_lock(folder));
        EXPECT_TRUE(FolderLock::try_lock(dir.file("new/other")));
    }
    EXPECT_TRUE(FolderLock::try_lock(folder));
}

TEST(FolderLock, EndsWithTheProcessThatHeldIt) {
    const TempDir dir;
    const pid_t child = fork();
    if (child == 0) {
        const auto lock = FolderLock::try_lock(dir.path());
        _exit(lock ? 0 : 1); // without destructors
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(FolderLock::try_lock(dir.path()));
}

TEST(FolderLock, TellsWhatIsInTheWay) {
    const TempDir dir;
    dir.write("file", "");
    expect_error<IoError>([&] { FolderLock::try_lock(dir.file("file")); }, {"file", "cannot be locked"});
}

} // namespace
} // namespace banyan::test
