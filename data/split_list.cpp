#include "data/split_list.h"

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/atomic_file.h"
#include "data/text_lines.h"

namespace banyan {
namespace {

std::string line_of(const std::string& path, std::int64_t line) { return path + ":" + std::to_string(line); }

} // namespace

std::vector<SplitEntry> read_split(const std::string& path, DataProblems& problems) {
    const std::string text = read_file(path);
    std::vector<SplitEntry> entries;
    std::unordered_map<std::string, std::int64_t> first_line;
    std::int64_t line = 0;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view text_line = trimmed(take_line(rest));
        ++line;
        if (text_line.empty()) continue;
        const std::string name = std::filesystem::path(text_line).lexically_normal().string(); // "./a" is "a"
        const auto [known, is_new] = first_line.emplace(name, line);
        if (is_new) {
            entries.push_back({name, line});
        } else {
            problems.add({line_of(path, line), "picture \"" + name + "\" is named twice", "", "",
                          "it is on line " + std::to_string(known->second) + " already; remove one"});
        }
    }
    if (entries.empty()) problems.add({path, "the list names no picture", "one picture a line", "", ""});
    return entries;
}

std::vector<SourcePicture> select_pictures(std::vector<SourcePicture> pictures, const std::string& path,
                                           std::int64_t limit, DataProblems& problems) {
    std::vector<SourcePicture> selected;
    if (path.empty()) {
        selected = std::move(pictures);
    } else {
        std::unordered_map<std::string, std::size_t> index_of;
        for (std::size_t i = 0; i < pictures.size(); ++i) index_of.emplace(pictures[i].id, i);
        for (const SplitEntry& entry : read_split(path, problems)) {
            const auto found = index_of.find(entry.name);
            if (found == index_of.end()) {
                problems.add({line_of(path, entry.line), "no picture \"" + entry.name + "\" in the data set",
                              "a name as the annotations have it", "", "correct or remove the line"});
            } else {
                selected.push_back(std::move(pictures[found->second]));
            }
        }
    }
    if (limit > 0 && selected.size() > static_cast<std::size_t>(limit)) {
        selected.resize(static_cast<std::size_t>(limit));
    }
    return selected;
}

} // namespace banyan
