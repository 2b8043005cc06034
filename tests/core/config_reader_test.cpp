#include "core/config_reader.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

ConfigReader reader_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
    return ConfigReader::from_text(text, "a.json", overrides);
}

TEST(ConfigReader, ReadsEveryKindOfValue) {
    ConfigReader reader = reader_of(R"({"i": -3, "r": 0.25, "whole": 2, "b": true, "t": "x", "ts": ["p", "q"],
                                        "rs": [1, 2.5], "is": [4, 5], "o": {"k": 1}, "os": [{"k": 2}, {"k": 3}]})");
    EXPECT_EQ(reader.integer("i", -5, 5), -3);
    EXPECT_EQ(reader.real("r", 0, 1), 0.25);
    EXPECT_EQ(reader.real("whole", 0, 5), 2.0);
    EXPECT_TRUE(reader.boolean("b"));
    EXPECT_EQ(reader.text("t"), "x");
    EXPECT_THAT(reader.texts("ts"), ElementsAre("p", "q"));
    EXPECT_THAT(reader.reals("rs", 0, 5), ElementsAre(1.0, 2.5));
    EXPECT_THAT(reader.integers("is", 0, 5), ElementsAre(4, 5));
    ConfigReader object = reader.object("o");
    EXPECT_EQ(object.integer("k", 0, 9), 1);
    EXPECT_NO_THROW(object.finish());
    std::vector<ConfigReader> objects = reader.objects("os");
    ASSERT_EQ(objects.size(), 2U);
    EXPECT_EQ(objects[1].integer("k", 0, 9), 3);
    EXPECT_NO_THROW(reader.finish());
}

TEST(ConfigReader, RefusesAnUnknownKeyWithTheNearestKnownOne) {
    ConfigReader reader = reader_of(R"({"o": {"scalez": [1]}})");
    ConfigReader object = reader.object("o");
    object.reals("scales", 0, 9, {1.0});
    object.text("name", "x");
    expect_error<ConfigError>([&] { object.finish(); }, {"a.json:/o/scalez: unknown key", "did you mean \"scales\"?"});
    EXPECT_NO_THROW(reader.finish());
}

TEST(ConfigReader, NamesAllUnknownKeysAtOnce) {
    ConfigReader reader = reader_of(R"({"epochz": 1, "qqqqqqqq": 2, "lr": 3})");
    reader.integer("epochs", 0, 9, 1);
    reader.real("lr", 0, 9);
    expect_error<ConfigError>([&] { reader.finish(); },
                              {"a.json: unknown keys", "\"epochz\" (did you mean \"epochs\"?)", "\"qqqqqqqq\""});
}

TEST(ConfigReader, HasMakesAKeyKnown) {
    ConfigReader reader = reader_of(R"({"a": 1})");
    EXPECT_TRUE(reader.has("a"));
    EXPECT_FALSE(reader.has("b"));
    EXPECT_NO_THROW(reader.finish());
}

TEST(ConfigReader, RefusesDuplicateKeys) {
    expect_error<ConfigError>([] { reader_of(R"({"lr": 1, "lr": 2})"); }, {"a.json:/lr", "duplicate key"});
}

TEST(ConfigReader, RefusesATopLevelThatIsNoObject) {
    expect_error<ConfigError>([] { reader_of("[1]"); }, {"a.json", "an object at top level", "a list of 1"});
}

TEST(ConfigReader, NamesAMissingKeyAndWhatItShouldBe) {
    ConfigReader reader = reader_of("{}");
    expect_error<ConfigError>([&] { reader.integer("n", 1, 8); }, {"a.json:/n", "missing key", "an integer in [1, 8]"});
    expect_error<ConfigError>([&] { reader.real("n", 0, kInfinity); }, {"missing key", "a number >= 0"});
    expect_error<ConfigError>([&] { reader.boolean("n"); }, {"missing key", "true or false"});
    expect_error<ConfigError>([&] { reader.text("n"); }, {"missing key", "a text"});
    expect_error<ConfigError>([&] { reader.texts("n"); }, {"missing key", "a list of texts"});
    expect_error<ConfigError>([&] { reader.reals("n", 0, 1); }, {"missing key", "a list of numbers"});
    expect_error<ConfigError>([&] { reader.integers("n", 0, 1); }, {"missing key", "a list of integers"});
    expect_error<ConfigError>([&] { reader.object("n"); }, {"missing key", "an object"});
    expect_error<ConfigError>([&] { reader.objects("n"); }, {"missing key", "a list of objects"});
}

TEST(ConfigReader, NeverCoercesToAnInteger) {
    for (const std::string wrong : {"1.0", "1.9", "1e1", "true", "null", "\"1\"", "[1]", "{}", "9223372036854775808",
                                    "-9223372036854775809", "18446744073709551616"}) {
        ConfigReader reader = reader_of("{\"n\": " + wrong + "}");
        SCOPED_TRACE(wrong);
        expect_error<ConfigError>([&] { reader.integer("n", kMin, kMax); },
                                  {"a.json:/n", "wrong value", "expected an integer", "found "});
        expect_error<ConfigError>([&] { reader.integer("n", kMin, kMax, 3); }, {"a.json:/n"});
    }
}

TEST(ConfigReader, ReadsTheWholeRangeOfIntegers) {
    ConfigReader reader = reader_of(R"({"lo": -9223372036854775808, "hi": 9223372036854775807})");
    EXPECT_EQ(reader.integer("lo", kMin, kMax), kMin);
    EXPECT_EQ(reader.integer("hi", kMin, kMax), kMax);
}

TEST(ConfigReader, HoldsIntegersToTheirRangeEndsIncluded) {
    ConfigReader reader = reader_of(R"({"n": 8})");
    EXPECT_EQ(reader.integer("n", 8, 8), 8);
    expect_error<ConfigError>([&] { reader.integer("n", 1, 7); }, {"an integer in [1, 7]", "found 8"});
    expect_error<ConfigError>([&] { reader.integer("n", 9, kMax); }, {"an integer >= 9", "found 8"});
    expect_error<ConfigError>([&] { reader.integer("n", kMin, 7); }, {"an integer <= 7", "found 8"});
}

TEST(ConfigReader, HoldsNumbersToTheirRangeAndType) {
    ConfigReader reader = reader_of(R"({"x": 0.5, "t": "0.5", "b": true})");
    EXPECT_EQ(reader.real("x", 0.5, 0.5), 0.5);
    expect_error<ConfigError>([&] { reader.real("x", 0.6, 1); }, {"a.json:/x", "a number in [0.6, 1]", "found 0.5"});
    expect_error<ConfigError>([&] { reader.real("x", -kInfinity, 0.4); }, {"a number <= 0.4"});
    expect_error<ConfigError>([&] { reader.real("t", -kInfinity, kInfinity); }, {"a finite number", "found \"0.5\""});
    expect_error<ConfigError>([&] { reader.real("b", 0, 1); }, {"found true"});
}

TEST(ConfigReader, RefusesWrongTypesNamingThePlace) {
    ConfigReader reader = reader_of(R"({"n": 1, "l": [1, "a", ""], "m": [{}, 3]})");
    expect_error<ConfigError>([&] { reader.boolean("n"); }, {"a.json:/n", "true or false", "found 1"});
    expect_error<ConfigError>([&] { reader.text("n"); }, {"a.json:/n", "a text in quotes"});
    expect_error<ConfigError>([&] { reader.texts("n"); }, {"a.json:/n", "a list of texts"});
    expect_error<ConfigError>([&] { reader.texts("l"); }, {"a.json:/l/0", "a non-empty text", "found 1"});
    expect_error<ConfigError>([&] { reader.reals("l", 0, 1); }, {"a.json:/l/1", "found \"a\""});
    expect_error<ConfigError>([&] { reader.integers("l", 2, 3); }, {"a.json:/l/0", "an integer in [2, 3]"});
    expect_error<ConfigError>([&] { reader.object("n"); }, {"a.json:/n", "an object"});
    expect_error<ConfigError>([&] { reader.objects("m"); }, {"a.json:/m/1", "an object", "found 3"});
}

TEST(ConfigReader, RefusesAnEmptyTextInsideAList) {
    ConfigReader reader = reader_of(R"({"l": ["a", ""]})");
    expect_error<ConfigError>([&] { reader.texts("l"); }, {"a.json:/l/1", "a non-empty text"});
}

TEST(ConfigReader, ReadsPairsOfTexts) {
    using Pairs = std::vector<std::pair<std::string, std::string>>;
    ConfigReader reader = reader_of(R"({"p": [["a", "b"], ["c", "d"]], "l": [["a", "b"], ["c"]], "n": [["a", 1]]})");
    EXPECT_EQ(reader.text_pairs("p"), (Pairs{{"a", "b"}, {"c", "d"}}));
    EXPECT_EQ(reader.text_pairs("absent", {{"e", "f"}}), (Pairs{{"e", "f"}}));
    expect_error<ConfigError>([&] { reader.text_pairs("l"); }, {"a.json:/l/1", "a list of two non-empty texts"});
    expect_error<ConfigError>([&] { reader.text_pairs("n"); }, {"a.json:/n/0", "a list of two non-empty texts"});
    EXPECT_NE(reader.dump(-1).find(R"("absent":[["e","f"]])"), std::string::npos);
}

enum class Colour { red, green };
const ConfigReader::Choices<Colour> kColours{{"red", Colour::red}, {"green", Colour::green}};

TEST(ConfigReader, ChoosesFromATable) {
    ConfigReader reader = reader_of(R"({"c": "green", "d": "greem", "e": 1})");
    EXPECT_EQ(reader.choice("c", kColours), Colour::green);
    EXPECT_EQ(reader.choice("missing", kColours, Colour::red), Colour::red);
    expect_error<ConfigError>([&] { reader.choice("d", kColours); },
                              {"a.json:/d", "one of \"red\", \"green\"", "found \"greem\"", "did you mean \"green\"?"});
    expect_error<ConfigError>([&] { reader.choice("d", kColours, Colour::red); }, {"a.json:/d"});
    expect_error<ConfigError>([&] { reader.choice("e", kColours); }, {"a.json:/e", "found 1"});
}

TEST(ConfigReader, EscapesKeysInPlaces) {
    ConfigReader reader = reader_of(R"({"a/b": {"c~d": 1}})");
    ConfigReader object = reader.object("a/b");
    EXPECT_EQ(object.where("c~d"), "a.json:/a~1b/c~0d");
    EXPECT_EQ(object.where(), "a.json:/a~1b");
    EXPECT_EQ(reader.where(), "a.json");
    EXPECT_EQ(reader.file(), "a.json");
}

TEST(ConfigReader, ListsKeysInFileOrder) {
    ConfigReader reader = reader_of(R"({"m": {"z": 1, "a": 2, "k": 3}})");
    ConfigReader object = reader.object("m");
    object.integer("later", 0, 9, 0); // a default is no key of the file
    EXPECT_THAT(object.keys(), ElementsAre("z", "a", "k"));
    EXPECT_THAT(reader.optional_object("absent").keys(), ElementsAre());
}

TEST(ConfigReader, DumpsTheFileInItsOrderWithAllDefaults) {
    ConfigReader reader = reader_of(R"({"z": 1, "a": {"x": 2}})");
    reader.integer("z", 0, 9);
    ConfigReader given = reader.object("a");
    given.integer("x", 0, 9);
    given.real("rate", 0, 1, 0.01);
    ConfigReader absent = reader.optional_object("train");
    absent.boolean("fast", true);
    absent.text("name", "n");
    absent.texts("names", {"p"});
    absent.reals("lrs", 0, 1, {0.5});
    absent.integers("steps", 0, 9, {1, 2});
    absent.choice("colour", kColours, Colour::green);
    absent.optional_object("deep").integer("k", 0, 9, 4);
    EXPECT_EQ(reader.dump(-1),
              R"({"z":1,"a":{"x":2,"rate":0.01},"train":{"fast":true,"name":"n","names":["p"],"lrs":[0.5],)"
              R"("steps":[1,2],"colour":"green","deep":{"k":4}}})");
    EXPECT_EQ(given.dump(-1), R"({"x":2,"rate":0.01})");
}

TEST(ConfigReader, DefaultsInsideListsOfObjectsStandAtTheirPlace) {
    ConfigReader reader = reader_of(R"({"l": [{"k": 1}, {}]})");
    std::vector<ConfigReader> objects = reader.objects("l");
    for (ConfigReader& object : objects) object.integer("k", 0, 9, 7);
    EXPECT_EQ(reader.dump(-1), R"({"l":[{"k":1},{"k":7}]})");
}

TEST(ConfigReader, ReadsItsOwnDumpBack) {
    const auto read = [](const std::string& text) {
        ConfigReader reader = reader_of(text);
        reader.real("third", 0, 1, 1.0 / 3.0);
        reader.optional_object("o").integer("k", kMin, kMax, kMax);
        return reader.dump();
    };
    EXPECT_EQ(read(read("{}")), read("{}"));
}

TEST(ConfigReader, RefusesDefaultsOutsideTheirOwnRange) {
    ConfigReader reader = reader_of(R"({"n": 1})");
    expect_error<CheckError>([&] { reader.integer("n", 1, 8, 0); }, {"a.json:/n", "the default 0", "[1, 8]"});
    expect_error<CheckError>([&] { reader.real("x", 0, kInfinity, std::nan("")); }, {"a.json:/x", "the default nan"});
    expect_error<CheckError>([&] { reader.reals("x", 0, 1, {0.5, 2}); }, {"a.json:/x", "the default 2"});
    expect_error<CheckError>([&] { reader.integers("x", 0, 1, {2}); }, {"a.json:/x", "the default 2"});
    expect_error<CheckError>([&] { reader.real("x", 0, kInfinity, kInfinity); }, {"a.json:/x", "finite"});
}

TEST(ConfigReader, ReadersOutliveTheirParent) {
    ConfigReader object = reader_of(R"({"a": {"b": 5}})").object("a");
    EXPECT_EQ(object.integer("b", 0, 9), 5);
}

TEST(ConfigReader, ReadsFilesAndNamesThem) {
    const TempDir dir;
    const std::string path = dir.write("c.json", R"({"n": 1})");
    EXPECT_EQ(ConfigReader::from_file(path, {"/n=4"}).integer("n", 0, 9), 4);
    expect_error<ConfigError>([&] { ConfigReader::from_file(path).text("n"); }, {path + ":/n"});
    expect_error<IoError>([&] { ConfigReader::from_file(dir.file("none.json")); }, {"none.json", "cannot read"});
}

} // namespace
} // namespace banyan
