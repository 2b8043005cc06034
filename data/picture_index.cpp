#include "data/picture_index.h"

#include <filesystem>
#include <utility>

#include "data/picture_files.h"

namespace banyan {

namespace {

namespace fs = std::filesystem;

constexpr std::ptrdiff_t kSeveral = -1;

std::string normal(const std::string& name) { return fs::path(name).lexically_normal().string(); }

/// The names that stand for a picture, best first.
std::vector<std::string> names_of(const std::string& name) {
    const fs::path path = fs::path(name).lexically_normal();
    return {path.string(), fs::path(path).replace_extension().string(), path.filename().string(), path.stem().string()};
}

} // namespace

PictureIndex::PictureIndex(const std::vector<Record>& records, std::string base, const DataFolder& folder)
    : base_(std::move(base)), folder_(folder) {
    for (std::size_t i = 0; i < records.size(); ++i) {
        const std::vector<std::string> names = names_of(records[i].name);
        names_.resize(names.size());
        for (std::size_t kind = 0; kind < names.size(); ++kind) {
            const auto [entry, is_new] = names_[kind].emplace(names[kind], static_cast<std::ptrdiff_t>(i));
            if (!is_new) entry->second = kSeveral;
        }
    }
}

std::optional<std::size_t> PictureIndex::find(const std::string& name) const {
    const std::string wanted = normal(name);
    for (const Names& names : names_) {
        const auto found = names.find(wanted);
        if (found == names.end()) continue;
        if (found->second == kSeveral) return std::nullopt;
        return static_cast<std::size_t>(found->second);
    }
    return std::nullopt;
}

std::optional<std::size_t> PictureIndex::require(const std::string& name, const std::string& where,
                                                 DataProblems& problems) {
    if (const auto found = find(name)) return found;
    const std::string wanted = normal(name);
    for (const Names& names : names_) {
        if (!names.contains(wanted)) continue;
        problems.add(
            {where, "several pictures are called \"" + name + "\"", "a name as the annotations have it", "", ""});
        return std::nullopt;
    }
    if (!lies_in_folder(wanted)) {
        problems.add({where, "no picture \"" + name + "\" in the data set", "a name as the annotations have it", "",
                      "correct or remove the entry"});
    }
    return std::nullopt;
}

bool PictureIndex::lies_in_folder(const std::string& name) {
    if (!in_folder_) { // few data sets need it
        in_folder_.emplace();
        for (const std::string& file : find_pictures(folder_.images()).names) {
            for (std::string& one : names_of(file)) in_folder_->insert(std::move(one));
            const fs::path path = fs::path(folder_.images()) / file;
            for (std::string& one : names_of(path.lexically_relative(base_).string())) {
                in_folder_->insert(std::move(one));
            }
        }
    }
    return in_folder_->contains(name);
}

} // namespace banyan
