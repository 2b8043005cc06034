#include "heads/head_config.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

HeadOptions parsed(const std::string& text) { return parse_head(ConfigReader::from_text(text, "a.json")); }

TEST(ParseHead, HasTheDefaultsOfTheStruct) { EXPECT_EQ(parsed("{}"), HeadOptions{}); }

TEST(ParseHead, ReadsEveryKey) {
    HeadOptions expected;
    expected.tower = TowerKind::conv;
    expected.depth = 4;
    expected.width = 128;
    expected.split_towers = true;
    expected.activation = Activation::silu;
    expected.prior = 0.05;
    expected.box_bins = 16;
    expected.boxes = BoxOutputs::per_task;
    EXPECT_EQ(parsed(R"({"type": "dense", "tower": "conv", "depth": 4, "width": 128, "split_towers": true,
                         "activation": "silu", "prior": 0.05, "box_bins": 16, "boxes": "per_task"})"),
              expected);
}

TEST(ParseHead, NotesItsDefaultsInTheEffectiveConfig) {
    ConfigReader reader = ConfigReader::from_text("{}", "a.json");
    parse_head(reader);
    const HeadOptions again = parsed(reader.dump());
    EXPECT_EQ(again, HeadOptions{});
    EXPECT_NE(reader.dump().find("\"tower\": \"separable\""), std::string::npos) << reader.dump();
}

TEST(ParseHead, RefusesWrongValuesWithTheirPlace) {
    const std::vector<std::pair<std::string, std::vector<std::string>>> cases{
        {R"({"type": "dens"})", {"a.json:/type", "did you mean \"dense\""}},
        {R"({"tower": "full"})", {"a.json:/tower", "separable", "conv"}},
        {R"({"depth": 9})", {"a.json:/depth", "[0, 8]", "9"}},
        {R"({"width": 0})", {"a.json:/width", "[8, 1024]"}},
        {R"({"width": 100})", {"a.json:/width", "a multiple of 8", "100"}},
        {R"({"split_towers": 1})", {"a.json:/split_towers", "true or false"}},
        {R"({"activation": "rulu"})", {"a.json:/activation", "did you mean \"relu"}},
        {R"({"prior": 0})", {"a.json:/prior"}},
        {R"({"prior": 0.6})", {"a.json:/prior", "0.6"}},
        {R"({"box_bins": 1})", {"a.json:/box_bins", "0 or at least 2", "1"}},
        {R"({"box_bins": 65})", {"a.json:/box_bins", "[0, 64]"}},
        {R"({"boxes": "per_tasc"})", {"a.json:/boxes", "did you mean \"per_task\""}},
        {R"({"widht": 96})", {"a.json:/widht", "did you mean \"width\""}}};
    for (const auto& [text, words] : cases) expect_error<ConfigError>([&] { parsed(text); }, words);
}

} // namespace
} // namespace banyan
