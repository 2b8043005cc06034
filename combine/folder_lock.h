#pragma once

#include <optional>
#include <string>
#include <utility>

namespace banyan {

/// The right to work in a folder, held by one process at a time; it ends with the object, and with the process however
/// that ends.
class FolderLock {
public:
    /// None while another process (or another lock of this one) holds it. Makes the folder. @throws IoError
    static std::optional<FolderLock> try_lock(const std::string& folder);

    ~FolderLock();
    FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    FolderLock& operator=(FolderLock&&) = delete;

private:
    explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

} // namespace banyan
