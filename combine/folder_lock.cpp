#include "combine/folder_lock.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/error.h"

namespace banyan {

namespace {

[[noreturn]] void refuse(const std::string& folder, const std::string& reason) {
    throw IoError(ErrorText{folder, "cannot be locked: " + reason, "", "", ""});
}

} // namespace

std::optional<FolderLock> FolderLock::try_lock(const std::string& folder) {
    std::error_code problem;
    std::filesystem::create_directories(folder, problem);
    if (problem) refuse(folder, problem.message());
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) refuse(folder, std::strerror(errno));
    FolderLock lock(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK) refuse(folder, std::strerror(errno));
    return std::nullopt;
}

FolderLock::~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

} // namespace banyan
