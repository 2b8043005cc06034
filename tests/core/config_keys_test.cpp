#include "core/config_reader.h"

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ConfigReader reader_of(const std::string& text) { return ConfigReader::from_text(text, "a.json"); }

std::map<std::string, ConfigKey> by_pointer(const ConfigReader& reader) {
    std::map<std::string, ConfigKey> keys;
    for (const ConfigKey& key : reader.keys_asked()) keys[key.pointer] = key;
    return keys;
}

std::vector<std::string> pointers(const ConfigReader& reader) {
    std::vector<std::string> result;
    for (const ConfigKey& key : reader.keys_asked()) result.push_back(key.pointer);
    return result;
}

TEST(KeysAsked, TellWhatEachGetterExpects) {
    ConfigReader reader = reader_of("{}");
    reader.integer("i", 1, 9, 2);
    reader.real("r", 0, 0.5, 0.25);
    reader.boolean("b", true);
    reader.text("t", "x");
    reader.texts("ts", {"p", "q"});
    reader.reals("rs", 0, 9, {1.5});
    reader.integers("is", 0, INT64_MAX, {4, 5});
    reader.choice("c", ConfigReader::Choices<int>{{"one", 1}, {"two", 2}}, 2);
    reader.optional_object("o");
    const auto keys = by_pointer(reader);
    const auto expect = [&](const std::string& key, const std::string& expected, const std::string& fallback) {
        EXPECT_EQ(keys.at(key).expected, expected);
        EXPECT_THAT(keys.at(key).defaults, ElementsAre(fallback));
        EXPECT_FALSE(keys.at(key).required) << key;
    };
    expect("/i", "integer in [1, 9]", "2");
    expect("/r", "number in [0, 0.5]", "0.25");
    expect("/b", "true or false", "true");
    expect("/t", "text", "\"x\"");
    expect("/ts", "list of texts", R"(["p","q"])");
    expect("/rs", "list of numbers in [0, 9]", "[1.5]");
    expect("/is", "list of integers >= 0", "[4,5]");
    expect("/c", R"(one of "one", "two")", "\"two\"");
    expect("/o", "object", "{}");
}

TEST(KeysAsked, AreTheSameWhetherOrNotTheFileHasThem) {
    ConfigReader empty = reader_of("{}"), full = reader_of(R"({"o": {"c": "two", "i": 3}})");
    for (ConfigReader* reader : {&empty, &full}) {
        ConfigReader object = reader->optional_object("o");
        object.choice("c", ConfigReader::Choices<int>{{"one", 1}, {"two", 2}}, 1);
        object.integer("i", 1, 9, 2);
    }
    EXPECT_EQ(pointers(empty), pointers(full));
    EXPECT_THAT(pointers(full), ElementsAre("/o", "/o/c", "/o/i"));
    for (const char* key : {"/o", "/o/c", "/o/i"}) {
        EXPECT_EQ(by_pointer(empty)[key].expected, by_pointer(full)[key].expected);
        EXPECT_EQ(by_pointer(empty)[key].defaults, by_pointer(full)[key].defaults);
        EXPECT_FALSE(by_pointer(full)[key].required);
    }
}

TEST(KeysAsked, AreRequiredWithoutADefault) {
    ConfigReader reader = reader_of(R"({"a": 1, "b": 2})");
    reader.integer("a", 0, 9);
    if (reader.has("b")) reader.integer("b", 0, 9);
    EXPECT_FALSE(reader.has("c"));
    auto keys = by_pointer(reader);
    EXPECT_TRUE(keys["/a"].required);
    EXPECT_FALSE(keys["/b"].required); // asked for with has() first
    EXPECT_EQ(keys["/b"].expected, "integer in [0, 9]");
    EXPECT_FALSE(keys["/c"].required);
    EXPECT_THAT(keys["/c"].expected, IsEmpty());
    EXPECT_THAT(keys["/c"].defaults, IsEmpty());
}

TEST(KeysAsked, OfListsAreAskedOnceForAllEntries) {
    ConfigReader reader = reader_of(R"({"sets": [{"name": "a"}, {"name": "b"}, {}]})");
    std::vector<ConfigReader> sets = reader.objects("sets");
    sets[0].text("name");
    sets[1].text("name", "x");
    sets[2].text("name", "y");
    EXPECT_THAT(pointers(reader), ElementsAre("/sets", "/sets/[]/name"));
    const ConfigKey name = by_pointer(reader)["/sets/[]/name"];
    EXPECT_TRUE(name.required); // by one of the entries
    EXPECT_THAT(name.defaults, ElementsAre("\"x\"", "\"y\""));
}

TEST(KeysAsked, HaveFreeKeysAsBraces) {
    ConfigReader reader = reader_of(R"({"classes": {"0": "cat", "a/b": "dog"}})");
    ConfigReader classes = reader.object("classes");
    for (const std::string& key : classes.keys()) classes.text(key);
    EXPECT_THAT(pointers(reader), ElementsAre("/classes", "/classes/{}"));
    EXPECT_FALSE(by_pointer(reader)["/classes/{}"].required);
}

TEST(KeysAsked, DefaultsOutsideTheTableAreRefused) {
    ConfigReader reader = reader_of("{}");
    const ConfigReader::Choices<int> table{{"one", 1}};
    expect_error<CheckError>([&] { reader.choice("c", table, 3); }, {"a.json:/c", "\"one\""});
}

} // namespace
} // namespace banyan
