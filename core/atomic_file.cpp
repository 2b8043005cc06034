#include "core/atomic_file.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "core/error.h"

namespace banyan {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kReadChunkBytes = std::size_t{1} << 20;

[[noreturn]] void fail(const std::string& path, const std::string& problem, int error_number) {
    std::string next_step;
    if (error_number == ENOSPC || error_number == EDQUOT) next_step = "free some space; an older file is untouched";
    if (error_number == EACCES || error_number == EROFS) next_step = "choose a place you may write to";
    throw IoError(ErrorText{path, problem + ": " + std::strerror(error_number), "", "", next_step});
}

class FileDescriptor {
public:
    explicit FileDescriptor(int number) : number_(number) {}
    ~FileDescriptor() {
        if (number_ >= 0) ::close(number_);
    }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;

    int get() const { return number_; }
    bool is_open() const { return number_ >= 0; }
    /// Closes now; false when the system reports a late write error.
    bool close() { return ::close(std::exchange(number_, -1)) == 0; }

private:
    int number_;
};

/// The file that a write to `path` replaces: links are followed, and only plain files may be replaced (a rename onto
/// /dev/null or /dev/stdout would destroy it).
std::string target_of(const std::string& path) {
    std::error_code problem;
    std::string target = path;
    if (fs::is_symlink(fs::symlink_status(path, problem))) {
        target = fs::canonical(path, problem).string();
        if (problem) fail(path, "cannot follow the link", problem.value());
    }
    const fs::file_status status = fs::status(target, problem);
    if (fs::exists(status) && !fs::is_regular_file(status)) {
        const std::string found = fs::is_directory(status) ? "a folder" : "a device";
        throw IoError(ErrorText{path, "cannot write", "a file name", found, "give the name of a file"});
    }
    return target;
}

std::string create_parent_folder(const std::string& target) {
    const fs::path parent = fs::path(target).parent_path();
    if (parent.empty()) return ".";
    std::error_code problem;
    fs::create_directories(parent, problem);
    if (problem) fail(target, "cannot create the folder " + parent.string(), problem.value());
    return parent.string();
}

/// A file of its own beside the target; removed again unless committed.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& target) : target_(target), file_(create()) {}
    ~TemporaryFile() {
        if (!committed_) ::unlink(path_.c_str());
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    void write(std::string_view piece) {
        while (!piece.empty()) {
            const ssize_t written = ::write(file_.get(), piece.data(), piece.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) fail(target_, "cannot write", errno);
            piece.remove_prefix(static_cast<std::size_t>(written));
        }
    }

    void commit() {
        // Only content that is on the disk may take the old file's name.
        if (::fsync(file_.get()) != 0 || !file_.close()) fail(target_, "cannot write", errno);
        if (::rename(path_.c_str(), target_.c_str()) != 0) fail(target_, "cannot replace the file", errno);
        committed_ = true;
    }

private:
    /// Opens a new file and sets path_. In a container a killed process has often left a file of the same process id.
    int open_unique() {
        static std::atomic<unsigned> counter{0};
        int number = -1;
        do {
            path_ = target_ + ".tmp." + std::to_string(::getpid()) + "." + std::to_string(counter++);
            number = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        } while (number < 0 && (errno == EEXIST || errno == EINTR));
        if (number < 0) fail(target_, "cannot create a file in its folder", errno);
        return number;
    }

    int create() {
        struct stat old = {};
        const bool replaces = ::stat(target_.c_str(), &old) == 0;
        const int number = open_unique();
        // Only a wish: some file systems have no modes.
        if (replaces) static_cast<void>(::fchmod(number, old.st_mode & 07777));
        return number;
    }

    const std::string& target_;
    std::string path_;
    FileDescriptor file_;
    bool committed_ = false;
};

/// Makes the rename itself survive a power cut. File systems that cannot sync folders are let be.
void sync_folder(const std::string& folder, const std::string& target) {
    const FileDescriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.is_open()) return; // a folder that may be written but not read
    if (::fsync(directory.get()) != 0 && errno == EIO) fail(target, "cannot sync the folder", errno);
}

} // namespace

void write_file_atomically(const std::string& path, std::string_view content) {
    write_file_atomically(path, std::vector<std::string_view>{content});
}

void write_file_atomically(const std::string& path, const std::vector<std::string_view>& pieces) {
    const std::string target = target_of(path);
    const std::string folder = create_parent_folder(target);
    TemporaryFile temporary(target);
    for (const std::string_view piece : pieces) temporary.write(piece);
    temporary.commit();
    sync_folder(folder, target);
}

namespace {

void check_size(const std::string& path, std::uintmax_t bytes, std::size_t limit_bytes) {
    if (bytes <= limit_bytes) return;
    throw IoError(ErrorText{path, "the file is too large", "at most " + std::to_string(limit_bytes) + " bytes",
                            std::to_string(bytes) + " bytes or more", ""});
}

} // namespace

std::string read_file(const std::string& path, std::size_t limit_bytes) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status = {};
    if (!file.is_open() || ::fstat(file.get(), &status) != 0) fail(path, "cannot read", errno);
    if (S_ISDIR(status.st_mode)) fail(path, "cannot read", EISDIR);
    check_size(path, static_cast<std::uintmax_t>(status.st_size), limit_bytes);

    // The size is only a hint: pipes have none, and a file may grow or shrink meanwhile.
    std::string content(static_cast<std::size_t>(status.st_size) + 1, '\0');
    std::size_t filled = 0;
    while (true) {
        if (filled == content.size()) content.resize(filled + kReadChunkBytes);
        const ssize_t got = ::read(file.get(), content.data() + filled, content.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail(path, "cannot read", errno);
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
        check_size(path, filled, limit_bytes);
    }
    content.resize(filled);
    return content;
}

} // namespace banyan
