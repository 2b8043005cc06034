#include "anchors/anchor_config.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

ConfigReader reader_of(const std::string& text) { return ConfigReader::from_text(text, "a.json"); }

TEST(ParseAnchors, HasTheDefaultsOfTheStruct) { EXPECT_EQ(parse_anchors(reader_of("{}")), AnchorOptions{}); }

TEST(ParseAnchors, ReadsScalesAndAspects) {
    AnchorOptions expected;
    expected.levels = {3, 5};
    expected.scales = {4, 5.5};
    expected.aspect_hw = {0.5, 2};
    const std::string text = R"({"kind": "boxes", "levels": [3, 5], "scales": [4, 5.5], "aspect_hw": [0.5, 2]})";
    EXPECT_EQ(parse_anchors(reader_of(text)), expected);
}

TEST(ParseAnchors, ReadsSizesInTheirPlace) {
    AnchorOptions expected;
    expected.kind = AnchorKind::points;
    expected.levels = {3, 4};
    expected.sizes = {{{10, 20.5}}, {{30, 40}}};
    EXPECT_EQ(parse_anchors(reader_of(R"({"kind": "points", "levels": [3, 4], "sizes": [[[10, 20.5]], [[30, 40]]]})")),
              expected);
}

TEST(ParseAnchors, ReadsItsOwnEffectiveConfig) {
    for (const char* text : {"{}", R"({"levels": [3, 4], "sizes": [[[10, 20]], [[30, 40]]]})"}) {
        ConfigReader reader = reader_of(text);
        const AnchorOptions options = parse_anchors(reader);
        EXPECT_EQ(parse_anchors(reader_of(reader.dump())), options) << reader.dump();
    }
}

TEST(ParseAnchors, RefusesWrongValuesWithTheirPlace) {
    const std::vector<std::pair<std::string, std::vector<std::string>>> cases{
        {R"({"kind": "box"})", {"a.json:/kind", "did you mean \"boxes\""}},
        {R"({"levels": [3, 9]})", {"a.json:/levels/1", "[2, 8]"}},
        {R"({"levels": [4, 3]})", {"a.json: ", "ascending"}},
        {R"({"scales": [0]})", {"a.json:/scales/0"}},
        {R"({"scales": []})", {"scales", "empty"}},
        {R"({"scalez": [6]})", {"a.json:/scalez", "did you mean \"scales\""}},
        {R"({"levels": [3], "sizes": [[[1, 1]]], "scales": [6]})", {"a.json:/scales", "exclude", "remove"}},
        {R"({"levels": [3], "sizes": [[[1, 1]]], "aspect_hw": [1]})", {"a.json:/aspect_hw", "exclude"}},
        {R"({"sizes": []})", {"a.json:/sizes", "one list of sizes a level"}},
        {R"({"sizes": 7})", {"a.json:/sizes", "7"}},
        {R"({"sizes": [7]})", {"a.json:/sizes/0", "list of sizes"}},
        {R"({"sizes": [[[1, 1]], [[1, 1], [2]]]})", {"a.json:/sizes/1/1", "[width, height]"}},
        {R"({"sizes": [[[1, 0]]]})", {"a.json:/sizes/0/0"}},
        {R"({"sizes": [[[1, true]]]})", {"a.json:/sizes/0/0"}},
        {R"({"sizes": [[[1, 1]]]})", {"a.json: ", "one list a level, 4"}},
        {R"({"kind": "points", "scales": [4, 8]})", {"points", "2 combinations"}}};
    for (const auto& [text, words] : cases) expect_error<ConfigError>([&] { parse_anchors(reader_of(text)); }, words);
}

TEST(ParseMatcher, ReadsEveryKind) {
    EXPECT_EQ(parse_matcher(reader_of("{}")), MatcherOptions{});
    MatcherOptions expected;
    expected.atss.top_k = 5;
    EXPECT_EQ(parse_matcher(reader_of(R"({"type": "atss", "top_k": 5})")), expected);
    expected = {};
    expected.kind = MatcherKind::max_iou;
    EXPECT_EQ(parse_matcher(reader_of(R"({"type": "max_iou"})")), expected);
    expected.max_iou = {0.6F, 0.3F, false};
    EXPECT_EQ(parse_matcher(
                  reader_of(R"({"type": "max_iou", "positive_iou": 0.6, "negative_iou": 0.3, "force_best": false})")),
              expected);
    expected = {};
    expected.kind = MatcherKind::tal;
    EXPECT_EQ(parse_matcher(reader_of(R"({"type": "tal"})")), expected);
    expected.tal = {10, 0.5, 4};
    EXPECT_EQ(parse_matcher(reader_of(R"({"type": "tal", "top_k": 10, "alpha": 0.5, "beta": 4})")), expected);
    expected = {};
    expected.kind = MatcherKind::simota;
    EXPECT_EQ(parse_matcher(reader_of(R"({"type": "simota"})")), expected);
    expected.simota = {7, 2.5};
    EXPECT_EQ(parse_matcher(reader_of(R"({"type": "simota", "top_k": 7, "iou_weight": 2.5})")), expected);
}

TEST(ParseMatcher, RefusesWrongValuesWithTheirPlace) {
    const std::vector<std::pair<std::string, std::vector<std::string>>> cases{
        {R"({"type": "atts"})", {"a.json:/type", "did you mean \"atss\""}},
        {R"({"top_k": 0})", {"a.json:/top_k", "[1, 100]"}},
        {R"({"top_k": 9, "positive_iou": 0.5})", {"a.json:/positive_iou", "unknown key"}},
        {R"({"type": "max_iou", "top_k": 9})", {"a.json:/top_k", "unknown key"}},
        {R"({"type": "max_iou", "positive_iou": 0})", {"a.json:/positive_iou"}},
        {R"({"type": "max_iou", "positive_iou": 1.1})", {"a.json:/positive_iou"}},
        {R"({"type": "max_iou", "positive_iou": 0.3})", {"a.json:/negative_iou", "at most positive_iou 0.3", "0.4"}},
        {R"({"type": "max_iou", "force_best": "yes"})", {"a.json:/force_best"}},
        {R"({"type": "tal", "beta": 11})", {"a.json:/beta", "[0, 10]"}},
        {R"({"type": "tal", "iou_weight": 3})", {"a.json:/iou_weight", "unknown key"}},
        {R"({"type": "simota", "top_k": 0})", {"a.json:/top_k", "[1, 100]"}},
        {R"({"type": "simota", "alpha": 1})", {"a.json:/alpha", "unknown key"}}};
    for (const auto& [text, words] : cases) expect_error<ConfigError>([&] { parse_matcher(reader_of(text)); }, words);
}

} // namespace
} // namespace banyan
