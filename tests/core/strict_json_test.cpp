#include "core/strict_json.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

using Json = nlohmann::json;
using nlohmann::ordered_json;

void expect_refused(const std::string& text, const std::vector<std::string>& words) {
    SCOPED_TRACE(text.substr(0, 80));
    expect_error<ConfigError>([&] { parse_strict_json<Json>(text, "a.json"); }, words);
    expect_error<ConfigError>([&] { parse_strict_json<ordered_json>(text, "a.json"); }, words);
}

std::string nested(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

TEST(ParseStrictJson, KeepsEveryKindOfValue) {
    const std::string text =
        R"({"z": [1, -2, 1.5, true, null, "\u00e9\n"], "a": {"b": {}}, "big": 18446744073709551615})";
    EXPECT_EQ(parse_strict_json<Json>(text, "a.json"), Json::parse(text));
    EXPECT_EQ(parse_strict_json<ordered_json>(text, "a.json").dump(), ordered_json::parse(text).dump());
    EXPECT_EQ(parse_strict_json<Json>("3", "a.json"), 3);
}

TEST(ParseStrictJson, KeepsTheOrderOfKeysWhenOrdered) {
    EXPECT_EQ(parse_strict_json<ordered_json>(R"({"z":1,"a":2,"m":3})", "a.json").dump(), R"({"z":1,"a":2,"m":3})");
}

TEST(ParseStrictJson, RefusesDuplicateKeysNamingThem) {
    expect_refused(R"({"a": 1, "a": 2})", {"a.json:/a", "duplicate key"});
    expect_refused(R"({"x": [{}, {"k/k": 1, "k/k": 1}]})", {"a.json:/x/1/k~1k", "duplicate key"});
    EXPECT_NO_THROW(parse_strict_json<Json>(R"({"a": {"a": 1}, "b": {"a": 1}})", "a.json"));
}

TEST(ParseStrictJson, NamesLineAndColumnOfTheWrongByte) {
    expect_refused("{\n  \"a\": 1,\n  \"b\" 2\n}", {"a.json:3:7:", "not valid JSON"});
    expect_refused("?", {"a.json:1:1:", "not valid JSON"});
    expect_refused("{\"a\": \"b\n\"}", {"a.json:1:9:", "not valid JSON"}); // the line break inside the text itself
    expect_refused("[1,\n2", {"a.json:2:2:", "end of input"});
}

TEST(ParseStrictJson, RefusesWhatIsNoJson) {
    expect_refused("", {"a.json:1:1", "end of input"});
    expect_refused("{} x", {"a.json:1:4"});
    expect_refused("// comment\n{}", {"a.json:1:"});
    expect_refused("[1,]", {"a.json:1:4"});
    expect_refused("[01]", {"a.json:1:"});
    expect_refused("[.5]", {"a.json:1:"});
    expect_refused("[NaN]", {"a.json:1:"});
    expect_refused("[Infinity]", {"a.json:1:"});
    expect_refused("{'a': 1}", {"a.json:1:2"});
    expect_refused("\"\xff\"", {"a.json:1:", "UTF-8"});
    expect_refused("\"\xc0\x80\"", {"a.json:1:"}); // overlong
    expect_refused("\"\\ud800\"", {"a.json:1:"});  // half a surrogate pair
}

TEST(ParseStrictJson, RefusesNumbersTooLargeForADouble) {
    expect_refused("[1e999]", {"a.json:1:", "1e999"});
    EXPECT_EQ(parse_strict_json<Json>("1e308", "a.json").get<double>(), 1e308);
}

TEST(ParseStrictJson, RefusesNulBytesEvenBehindTheEnd) {
    expect_refused(std::string("{}\0", 3), {"a.json:1:3", "NUL"});
    expect_refused(std::string("{}\n\0{}", 6), {"a.json:2:1", "NUL"});
}

TEST(ParseStrictJson, LimitsTheDepthToSixtyFour) {
    EXPECT_NO_THROW(parse_strict_json<Json>(nested(64), "a.json"));
    expect_refused(nested(65), {"a.json:/0/0/0", "nested too deeply", "64"});
    expect_refused(std::string(1'000'000, '['), {"nested too deeply"});
}

TEST(JsonPointerTo, EscapesAsTheRfcDemands) {
    EXPECT_EQ(json_pointer_to("", "a"), "/a");
    EXPECT_EQ(json_pointer_to("/a", "b/c~d"), "/a/b~1c~0d");
    const std::string key = "~1/~0//";
    const Json value = {{key, 7}};
    EXPECT_EQ(value.at(Json::json_pointer(json_pointer_to("", key))), 7);
}

TEST(DescribeJson, IsShortAndAscii) {
    EXPECT_EQ(describe_json(1.5), "1.5");
    EXPECT_EQ(describe_json("adam"), "\"adam\"");
    EXPECT_EQ(describe_json(nullptr), "null");
    EXPECT_EQ(describe_json(Json::array({1, 2, 3})), "a list of 3");
    EXPECT_EQ(describe_json(Json::object()), "an object");
    EXPECT_EQ(describe_json("a\n\xC3\xA9"), "\"a\\n\\u00e9\"");
    EXPECT_EQ(describe_json(std::string(1000, 'x')).size(), 63U);
}

} // namespace
} // namespace banyan
