#include "eval/json_cursor.h"

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

double number_of(const std::string& text) {
    JsonCursor cursor(text, "a.json");
    const double value = cursor.number();
    cursor.finish();
    return value;
}

void expect_refused_number(const std::string& text, const std::vector<std::string>& words) {
    expect_error<DataError>([&] { number_of(text); }, words);
}

void skip_all(const std::string& text) {
    JsonCursor cursor(text, "a.json");
    cursor.skip_value();
    cursor.finish();
}

std::string string_of(const std::string& text) { return JsonCursor(text, "a.json").string(); }

TEST(JsonCursor, ReadsNumbersToTheNearestDouble) {
    for (const char* text : {"0", "-0.0", "1", "-1.5", "0.1", "1e3", "1E+3", "25e-1", "123456789012345678901234567890",
                             "0.30000000000000004", "9007199254740993", "1.7976931348623157e308", "2.5e-324",
                             "0.000000000000000000000000000001", "123456.7890123456789", "1e22", "1e23"}) {
        EXPECT_EQ(number_of(text), std::strtod(text, nullptr)) << text;
    }
    EXPECT_TRUE(std::signbit(number_of("-0.0")));
    EXPECT_EQ(number_of("1e-400"), 0.0);
    EXPECT_EQ(number_of(" \t\r\n7 \n"), 7.0);
}

TEST(JsonCursor, ReadsRandomNumbersBack) {
    Random random(5);
    for (int i = 0; i < 2000; ++i) {
        const double value = random.uniform(-1, 1) * std::pow(10.0, random.uniform(-30, 30));
        char text[64];
        std::snprintf(text, sizeof text, "%.*g", 1 + i % 17, value);
        EXPECT_EQ(number_of(text), std::strtod(text, nullptr)) << text;
    }
}

TEST(JsonCursor, RefusesWhatIsNoFiniteNumber) {
    expect_refused_number("NaN", {"a.json", "expected a finite number", "found NaN"});
    expect_refused_number("Infinity", {"found Infinity"});
    expect_refused_number("-Infinity", {"found -Infinity"});
    expect_refused_number("1e999", {"out of range", "found 1e999"});
    expect_refused_number("-1e999", {"out of range"});
    expect_refused_number("\"1\"", {"expected a finite number", "found \"1\""});
    expect_refused_number("null", {"found null"});
    expect_refused_number("true", {"found true"});
    expect_refused_number("[1]", {"found a list"});
    expect_refused_number("{}", {"found an object"});
    expect_refused_number("", {"the end of the file"});
    expect_refused_number("+1", {"found +1"});
    expect_refused_number(".5", {"found .5"});
    expect_refused_number("-", {"found -"});
    expect_refused_number("01", {"a.json:1:", "leading zero"});
    expect_refused_number("1.", {"digit after the decimal point"});
    expect_refused_number("1e", {"digit in the exponent"});
    expect_refused_number("1 2", {"more text after the end"});
}

TEST(JsonCursor, ReadsIntegersExactly) {
    EXPECT_EQ(JsonCursor("9223372036854775807", "a").integer(), INT64_MAX);
    EXPECT_EQ(JsonCursor("-9223372036854775808", "a").integer(), INT64_MIN);
    for (const char* text : {"1.0", "1e3", "9223372036854775808", "-9223372036854775809"}) {
        expect_error<DataError>([&] { JsonCursor(text, "a").integer(); }, {"expected an integer", text});
    }
    expect_error<DataError>([&] { JsonCursor("\"x\"", "a").integer(); }, {"expected an integer", "found \"x\""});
}

TEST(JsonCursor, ReadsFlags) {
    EXPECT_TRUE(JsonCursor("true", "a").flag());
    EXPECT_FALSE(JsonCursor(" false", "a").flag());
    EXPECT_TRUE(JsonCursor("1", "a").flag());
    EXPECT_FALSE(JsonCursor("0", "a").flag());
    expect_error<DataError>([] { JsonCursor("2", "a").flag(); }, {"expected 0 or 1", "found 2"});
    expect_error<DataError>([] { JsonCursor("tru", "a").flag(); }, {"found tru"});
    expect_error<DataError>([] { JsonCursor("null", "a").flag(); }, {"expected 0 or 1", "found null"});
}

TEST(JsonCursor, DecodesStrings) {
    EXPECT_EQ(string_of(R"("plain")"), "plain");
    EXPECT_EQ(string_of(R"("a\"\\\/\b\f\n\r\tz")"), "a\"\\/\b\f\n\r\tz");
    EXPECT_EQ(string_of(R"("\u0041\u00e9\u20ac\ud83d\ude00")"), "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
    EXPECT_EQ(string_of("\"\xC3\xA9\""), "\xC3\xA9");
}

TEST(JsonCursor, RefusesBrokenStrings) {
    const auto refused = [](const std::string& text, const char* word) {
        expect_error<DataError>([&] { string_of(text); }, {word});
    };
    refused("\"abc", "string without end");
    refused("\"abc\\", "string without end");
    refused("\"a\nb\"", "control character");
    refused(R"("\x41")", "unknown escape");
    refused(R"("\u12g4")", "unknown escape");
    refused(R"("\u-123")", "unknown escape");
    refused(R"("\ud83d")", "surrogate");
    refused(R"("\ude00")", "surrogate");
    refused(R"("\ud83d\u0041")", "surrogate");
    refused("7", "expected a string");
}

TEST(JsonCursor, WalksObjectsAndLists) {
    JsonCursor cursor(R"({"a": [1, 2, 3], "b": {}, "c": [], "\u0064": {"e": [[], {"f": null}]}, "g": 5})", "a.json");
    double sum = 0;
    std::string keys;
    cursor.enter_object();
    for (std::string_view key; cursor.next_key(key);) {
        keys += key;
        if (key != "a") {
            cursor.skip_value();
            continue;
        }
        cursor.enter_array();
        while (cursor.next_element()) sum += cursor.number();
    }
    cursor.finish();
    EXPECT_EQ(sum, 6);
    EXPECT_EQ(keys, "abcdg");
}

TEST(JsonCursor, NamesThePlaceByPointer) {
    JsonCursor cursor(R"([{"x": 1}, {"a/b~": [0, "no"]}])", "a.json");
    std::string_view key;
    cursor.enter_array();
    cursor.next_element();
    cursor.skip_value();
    cursor.next_element();
    EXPECT_EQ(cursor.pointer(), "/1");
    cursor.enter_object();
    cursor.next_key(key);
    cursor.enter_array();
    cursor.next_element();
    cursor.number();
    cursor.next_element();
    expect_error<DataError>([&] { cursor.number(); }, {"a.json:/1/a~1b~0/1: ", "found \"no\""});
}

TEST(JsonCursor, RefusesBrokenStructure) {
    const auto refused = [](const std::string& text, const std::vector<std::string>& words) {
        expect_error<DataError>([&] { skip_all(text); }, words);
    };
    refused("[1 2]", {"a.json:1:4", "expected \",\" or \"]\""});
    refused("{\n  \"a\": 1\n  \"b\": 2}", {"a.json:3:3", "expected \",\" or \"}\""});
    refused("{\"a\" 1}", {"expected \":\""});
    refused("{a: 1}", {"expected a key in double quotes"});
    refused("{\"a\": 1,}", {"expected a key"});
    refused("[1,]", {"a.json:/1", "expected a value", "found ]"});
    refused("[1", {"expected \",\" or \"]\"", "the end of the file"});
    refused("[nul]", {"expected a value", "found nul"});
    refused("[] []", {"more text after the end"});
    refused(std::string("[]\0", 3), {"more text after the end"});
    refused(std::string(100, '['), {"nested too deeply", "at most 64"});
}

} // namespace
} // namespace banyan
