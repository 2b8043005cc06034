// Holds docs/config.md against the getters that read a config. To write its tables anew, with the meanings it has:
//     BANYAN_UPDATE_DOCS=1 train_test --gtest_filter='ConfigReference*'
#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "core/config_reader.h"
#include "support/temp_dir.h"
#include "train/train_config.h"

namespace banyan {
namespace {

using testing::IsEmpty;

const std::string kPeople = std::string(BANYAN_SOURCE_DIR) + "/configs/people.json";
const std::string kReference = std::string(BANYAN_SOURCE_DIR) + "/docs/config.md";

using Keys = std::vector<ConfigKey>;

/// What no getter can tell: defaults that copy another key, and a value that is read as JSON.
struct Written {
    std::string expected;
    std::string fallback;
};
const std::map<std::string, Written> kWritten{
    {"/tasks/[]/classes", {"", "`[name]`"}},
    {"/train/teachers/[]/hints/[]/teacher_value", {"", "`value`"}},
    {"/model/branches/[]/tasks", {"", "`[name]`"}},
    {"/model/branches/[]/anchors/sizes", {"one list a level of sizes [width, height], numbers in [0.001, 65536]", ""}},
};

/// A heading of the document and the place in the config whose members its table holds.
struct Section {
    std::string heading;
    std::string pointer;
};
const std::vector<Section> kSections{
    {"Top level", ""},
    {"tasks[]", "/tasks/[]"},
    {"model", "/model"},
    {"model/branches[]", "/model/branches/[]"},
    {"datasets[] and validation[]", "/datasets/[]"},
    {"loader", "/loader"},
    {"transforms", "/transforms"},
    {"sampling", "/sampling"},
    {"train", "/train"},
    {"train/teachers[]", "/train/teachers/[]"},
};

/// Overrides of people.json that make the readers ask for every key: each kind of matcher, anchors, data set, backbone.
const std::vector<std::vector<std::string>> kVariants{
    {R"(/model/branches/0/matcher={"type": "atss"})"},
    {R"(/model/branches/0/matcher={"type": "max_iou"})",
     R"(/model/branches/1/anchors={"levels": [3], "sizes": [[[8, 8]]]})", "/model/branches/1/head={}",
     R"(/model/branches/2/anchors={"kind": "points", "scales": [8]})",
     R"(/model/branches/2/loss={"class": "varifocal"})", R"(/model/branches/3/matcher={"type": "tal"})",
     R"(/model/branches/4/matcher={"type": "simota"})", "/model/backbone/type=efficientnet_lite0",
     R"(/datasets/0/labels={"face": "absent"})", R"(/validation/0/labels={"face": "absent"})", "/datasets/1/format=voc",
     R"(/train/teachers=[{"model": "a", "hints": [{"value": "trunk.a"}, {"value": "trunk.b"}]}])",
     R"(/datasets/0/absent_without={"person": ["face"]})", R"(/validation/0/absent_without={"person": ["face"]})",
     "/validation/1/format=voc"},
    {"/model/backbone/type=resnet50"},
};

void add_new(std::vector<std::string>& list, const std::vector<std::string>& more) {
    for (const std::string& entry : more) {
        if (std::find(list.begin(), list.end(), entry) == list.end()) list.push_back(entry);
    }
}

void merge(Keys& keys, const ConfigKey& key) {
    const auto same = [&](const ConfigKey& other) { return other.pointer == key.pointer; };
    const auto found = std::find_if(keys.begin(), keys.end(), same);
    if (found == keys.end()) {
        keys.push_back(key);
        return;
    }
    if (found->expected.empty()) found->expected = key.expected;
    found->required = found->required || key.required;
    add_new(found->defaults, key.defaults);
}

std::string parent_of(const std::string& pointer) { return pointer.substr(0, pointer.rfind('/')); }

/// Appends the members of `parent` in the order asked, each followed by its own members.
void append_members(const Keys& keys, const std::string& parent, Keys& ordered) {
    for (const ConfigKey& key : keys) {
        if (parent_of(key.pointer) != parent) continue;
        ordered.push_back(key);
        append_members(keys, key.pointer, ordered);
        append_members(keys, key.pointer + "/[]", ordered);
    }
}

/// Every key of a config.
Keys all_keys() {
    Keys keys, ordered;
    for (const std::vector<std::string>& overrides : kVariants) {
        const ConfigReader reader = ConfigReader::from_file(kPeople, overrides);
        parse_run_config(reader);
        for (const ConfigKey& key : reader.keys_asked()) merge(keys, key);
    }
    append_members(keys, "", ordered);
    EXPECT_EQ(ordered.size(), keys.size());
    return ordered;
}

bool is_below(const std::string& pointer, const std::string& parent) { return pointer.starts_with(parent + "/"); }

/// The innermost section that `pointer` is in.
const Section& section_of(const std::string& pointer) {
    const Section* best = &kSections.front();
    for (const Section& section : kSections) {
        if (is_below(pointer, section.pointer) && section.pointer.size() > best->pointer.size()) best = &section;
    }
    return *best;
}

/// The key as its section's table names it: "anchors/levels".
std::string name_in_table(const ConfigKey& key) {
    std::string name = key.pointer.substr(section_of(key.pointer).pointer.size() + 1);
    for (std::size_t at = name.find("/[]"); at != std::string::npos; at = name.find("/[]")) name.erase(at, 1);
    return name;
}

std::string fallback_text(const ConfigKey& key) {
    const auto written = kWritten.find(key.pointer);
    if (written != kWritten.end() && !written->second.fallback.empty()) return written->second.fallback;
    std::vector<std::string> texts;
    if (key.required) texts.push_back("required");
    for (std::string text : key.defaults) {
        for (std::size_t at = text.find(','); at != std::string::npos; at = text.find(',', at + 2)) {
            text.insert(at + 1, " ");
        }
        texts.push_back("`" + text + "`");
    }
    std::string joined;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        joined += (i == 0 ? "" : i + 1 == texts.size() ? " or " : ", ") + texts[i];
    }
    return joined.empty() ? "–" : joined;
}

std::string value_text(const ConfigKey& key) {
    const auto written = kWritten.find(key.pointer);
    return written != kWritten.end() && key.expected.empty() ? written->second.expected : key.expected;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

/// Cells of "| a | b |"; nothing for another line.
std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells;
    if (!line.starts_with("| ")) return cells;
    std::size_t begin = 2;
    for (std::size_t end = line.find(" |", begin); end != std::string::npos; end = line.find(" |", begin)) {
        cells.push_back(line.substr(begin, end - begin));
        begin = std::min(end + 3, line.size());
    }
    return cells;
}

constexpr const char* kHeader = "| key | value | default | meaning |";

/// The document with its tables of keys apart.
class Reference {
public:
    explicit Reference(const std::string& text) {
        std::optional<Section> section;
        bool in_table = false;
        for (const std::string& line : lines_of(text)) {
            if (line.starts_with("#")) section = section_named(line.substr(line.find(' ') + 1));
            if (section && line == kHeader) {
                in_table = true;
                lines_.push_back(table_mark(*section));
            }
            in_table = in_table && line.starts_with("|");
            if (in_table) {
                read_row(*section, line);
            } else {
                lines_.push_back(line);
            }
        }
    }

    std::string meaning(const ConfigKey& key) const {
        const auto found = meanings_.find(section_of(key.pointer).heading + " " + name_in_table(key));
        return found == meanings_.end() ? "" : found->second;
    }
    /// The document with tables of these keys.
    std::string with_tables(const Keys& keys) const {
        std::string text;
        for (const std::string& line : lines_) {
            const auto is_mark = [&](const Section& section) { return line == table_mark(section); };
            const auto section = std::find_if(kSections.begin(), kSections.end(), is_mark);
            text += section == kSections.end() ? line + "\n" : table(*section, keys);
        }
        return text;
    }

private:
    static std::optional<Section> section_named(const std::string& heading) {
        for (const Section& section : kSections) {
            if (section.heading == heading) return section;
        }
        return std::nullopt;
    }
    static std::string table_mark(const Section& section) { return "\ttable " + section.heading; }

    void read_row(const Section& section, const std::string& line) {
        const std::vector<std::string> cells = cells_of(line);
        if (cells.size() != 4 || cells[0].size() < 3 || cells[0].front() != '`') return;
        meanings_[section.heading + " " + cells[0].substr(1, cells[0].size() - 2)] = cells[3];
    }
    std::string table(const Section& section, const Keys& keys) const {
        std::string text = std::string(kHeader) + "\n|---|---|---|---|\n";
        for (const ConfigKey& key : keys) {
            if (section_of(key.pointer).heading != section.heading || is_below(key.pointer, "/validation")) continue;
            text += "| `" + name_in_table(key) + "` | " + value_text(key) + " | " + fallback_text(key) + " | " +
                    meaning(key) + " |\n";
        }
        return text;
    }

    std::vector<std::string> lines_;              // a table is one marked line
    std::map<std::string, std::string> meanings_; // by section and key
};

TEST(ConfigReference, HoldsEveryKeyWithItsValueAndDefault) {
    const std::string text = read_file(kReference);
    const Reference reference(text);
    const Keys keys = all_keys();
    const std::string expected = reference.with_tables(keys);
    const char* update = std::getenv("BANYAN_UPDATE_DOCS");
    if (update != nullptr && std::string(update) == "1") {
        write_file_atomically(kReference, expected);
    } else {
        EXPECT_EQ(lines_of(text), lines_of(expected))
            << "docs/config.md is not what the config's readers ask for; run this test with BANYAN_UPDATE_DOCS=1 and "
               "read the change";
    }
    for (const ConfigKey& key : keys) {
        constexpr std::size_t kShortest = 12;
        if (is_below(key.pointer, "/validation")) continue;
        EXPECT_GE(reference.meaning(key).size(), kShortest) << "docs/config.md: write a meaning for " << key.pointer;
    }
    for (const Section& section : kSections) {
        EXPECT_NE(expected.find("# " + section.heading + "\n"), std::string::npos) << "lacks " << section.heading;
    }
}

TEST(ConfigReference, ValidationSetsHaveTheKeysOfDataSets) {
    const auto texts_below = [](const std::string& list) {
        std::vector<std::string> texts;
        for (const ConfigKey& key : all_keys()) {
            if (!is_below(key.pointer, list)) continue;
            texts.push_back(key.pointer.substr(list.size()) + ": " + value_text(key) + ", " + fallback_text(key));
        }
        return texts;
    };
    EXPECT_EQ(texts_below("/validation"), texts_below("/datasets"));
    EXPECT_GT(texts_below("/datasets").size(), 10U);
}

TEST(ConfigReference, WritesByHandOnlyWhatNoGetterTells) {
    std::size_t found = 0;
    for (const ConfigKey& key : all_keys()) {
        const auto written = kWritten.find(key.pointer);
        if (written == kWritten.end()) {
            EXPECT_NE(key.expected, "") << key.pointer;
            continue;
        }
        ++found;
        EXPECT_EQ(key.expected.empty(), !written->second.expected.empty()) << key.pointer;
        EXPECT_EQ(key.defaults.size() > 1, !written->second.fallback.empty()) << key.pointer;
    }
    EXPECT_EQ(found, kWritten.size());
}

/// The texts between "```json" and "```".
std::vector<std::string> examples_of(const std::string& text) {
    const std::string begin_mark = "```json\n", end_mark = "\n```";
    std::vector<std::string> examples;
    for (std::size_t at = text.find(begin_mark); at != std::string::npos; at = text.find(begin_mark, at)) {
        at += begin_mark.size();
        examples.push_back(text.substr(at, text.find(end_mark, at) - at));
    }
    return examples;
}

TEST(ConfigReference, EveryExampleLoads) {
    const TempDir dir;
    const std::vector<std::string> examples = examples_of(read_file(kReference));
    EXPECT_GE(examples.size(), 4U);
    for (const std::string& example : examples) {
        const std::string path = dir.write("example.json", example);
        const bool whole = example.find("\"model\"") != std::string::npos;
        EXPECT_NO_THROW(whole ? (void)load_run_config(path) : (void)load_dataset_list(path, "datasets")) << example;
    }
}

TEST(ConfigReference, ReadsRowsAndKeepsWhatIsNotATable) {
    const std::string before = "# Config\n\n## loader\n\nText.\n\n";
    const std::string header = std::string(kHeader) + "\n|---|---|---|---|\n";
    const std::string after = "\nMore.\n\n| other | table |\n|---|---|\n| a | b |\n";
    const Reference reference(before + header + "| `batch_size` | old | old | rows of a batch |\n" +
                              "| `gone` | x | x | no longer |\n" + after);
    const ConfigKey key{"/loader/batch_size", "integer in [1, 9]", false, {"4"}};
    EXPECT_EQ(reference.meaning(key), "rows of a batch");
    EXPECT_THAT(reference.meaning({"/loader/threads", "", false, {}}), IsEmpty());
    EXPECT_EQ(reference.with_tables({key}),
              before + header + "| `batch_size` | integer in [1, 9] | `4` | rows of a batch |\n" + after);
}

} // namespace
} // namespace banyan
