#include "label/found_cache.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <type_traits>

#include "core/error.h"
#include "core/hash.h"
#include "core/log.h"

namespace banyan {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = "banyan found 1\n"; // another form of the files gets another number
constexpr const char* kEnding = ".found";

/// A box as the files have it, in the byte order of the machine: a cache is not carried to others.
struct StoredBox {
    float x0, y0, x1, y1, score;
    std::int32_t class_id;
};
static_assert(std::is_trivially_copyable_v<StoredBox> && sizeof(StoredBox) == 24);

std::string to_bytes(const std::vector<ScoredBox>& boxes) {
    std::string bytes(kMark);
    for (const ScoredBox& found : boxes) {
        const StoredBox stored{found.box.x0, found.box.y0, found.box.x1, found.box.y1, found.score, found.class_id};
        bytes.append(reinterpret_cast<const char*>(&stored), sizeof stored);
    }
    return bytes + hash_digits(hash_bytes(bytes));
}

std::optional<std::vector<ScoredBox>> from_bytes(const std::string& bytes) {
    const std::size_t digits = hash_digits(0).size(), around = kMark.size() + digits;
    if (bytes.size() < around || (bytes.size() - around) % sizeof(StoredBox) != 0) return std::nullopt;
    const std::string_view content = std::string_view(bytes).substr(0, bytes.size() - digits);
    if (!content.starts_with(kMark) || bytes.substr(content.size()) != hash_digits(hash_bytes(content))) {
        return std::nullopt;
    }
    std::vector<ScoredBox> boxes;
    for (std::size_t at = kMark.size(); at < content.size(); at += sizeof(StoredBox)) {
        StoredBox stored{};
        std::memcpy(&stored, content.data() + at, sizeof stored);
        boxes.push_back({{stored.x0, stored.y0, stored.x1, stored.y1}, stored.score, stored.class_id});
    }
    return boxes;
}

struct CachedFile {
    fs::path path;
    fs::file_time_type time;
    std::uint64_t bytes = 0;
};

/// Those of the cache; files that others remove meanwhile are passed over.
std::vector<CachedFile> files_in(const std::string& folder) {
    std::vector<CachedFile> files;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        if (entry.path().extension() != kEnding) continue;
        std::error_code gone;
        const CachedFile file{entry.path(), entry.last_write_time(gone), entry.file_size(gone)};
        if (!gone) files.push_back(file);
    }
    return files;
}

} // namespace

FoundCache::FoundCache(std::string folder, std::uint64_t limit) : folder_(std::move(folder)), limit_(limit) {
    std::error_code problem;
    fs::create_directories(folder_, problem);
    if (problem || !fs::is_directory(folder_)) {
        throw IoError(ErrorText{folder_, "cannot be used as a cache", "a folder that can be written", problem.message(),
                                "name another one with --cache"});
    }
    for (const CachedFile& file : files_in(folder_)) bytes_ += file.bytes;
}

std::string FoundCache::file_of(std::uint64_t key) const { return folder_ + "/" + hash_digits(key) + kEnding; }

std::optional<std::vector<ScoredBox>> FoundCache::read(std::uint64_t key) {
    const std::string path = file_of(key);
    std::ifstream in(path, std::ios::binary);
    if (!in) return std::nullopt;
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    std::optional<std::vector<ScoredBox>> boxes = from_bytes(bytes);
    if (!boxes) tell_once(told_damaged_, path + " is damaged: what it held is computed again");
    return boxes;
}

void FoundCache::write(std::uint64_t key, const std::vector<ScoredBox>& boxes) {
    const std::string bytes = to_bytes(boxes), path = file_of(key), partial = path + ".part";
    const std::lock_guard guard(lock_);
    if (told_unwritable_ || bytes.size() > limit_) return;
    std::error_code problem;
    const std::uintmax_t before = fs::file_size(path, problem); // a damaged one
    if (!problem) bytes_ -= std::min<std::uint64_t>(bytes_, before);
    {
        // Without fsync: what a crash leaves half written is known by its checksum.
        std::ofstream out(partial, std::ios::binary);
        out << bytes << std::flush;
        if (!out)
            problem = std::make_error_code(std::errc::io_error);
        else
            problem.clear();
    }
    if (!problem) fs::rename(partial, path, problem);
    if (problem) {
        std::error_code ignored;
        fs::remove(partial, ignored);
        told_unwritable_ = true;
        log_warning("cache " + folder_ + " cannot be written and is left alone: " + problem.message());
        return;
    }
    bytes_ += bytes.size();
    if (bytes_ > limit_) make_room();
}

/// Down to nine tenths of the limit, so that not every write has to look through the folder.
void FoundCache::make_room() {
    std::vector<CachedFile> files = files_in(folder_);
    std::sort(files.begin(), files.end(), [](const CachedFile& a, const CachedFile& b) { return a.time < b.time; });
    bytes_ = 0;
    for (const CachedFile& file : files) bytes_ += file.bytes;
    for (const CachedFile& file : files) {
        if (bytes_ <= limit_ / 10 * 9) return;
        std::error_code ignored;
        fs::remove(file.path, ignored);
        bytes_ -= file.bytes;
    }
}

void FoundCache::tell_once(bool& told, const std::string& message) {
    const std::lock_guard guard(lock_);
    if (!told) log_warning(message);
    told = true;
}

} // namespace banyan
