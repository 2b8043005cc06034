#include "backbone/neck.h"

#include <gtest/gtest.h>

#include "backbone/backbone.h"
#include "core/error.h"
#include "graph/cost.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

struct Built {
    GraphBuilder builder;
    NeckOutputs outputs;
};

/// MobileNetV2 and a neck. The size is odd on purpose: levels are rounded up when halved.
Built build(const NeckOptions& options, std::int64_t height = 230, std::int64_t width = 333) {
    Built built{GraphBuilder(height, width), {}};
    const BackboneOutputs backbone = build_backbone({}, built.builder, built.builder.image());
    built.outputs = build_neck(built.builder, backbone.levels, options);
    return built;
}

std::int64_t halved(std::int64_t extent, int times) {
    for (; times > 0; --times) extent = (extent + 1) / 2;
    return extent;
}

class EachNeck : public ::testing::TestWithParam<NeckType> {};

TEST_P(EachNeck, GivesTheWantedLevelsAndChannelsAtAnySize) {
    for (const std::int64_t width : {32, 320, 333}) {
        NeckOptions options;
        options.type = GetParam();
        options.channels = 40;
        options.last_level = 7;
        const Built built = build(options, 257, width);
        ASSERT_EQ(built.outputs.levels.size(), 5U);
        for (int level = 3; level <= 7; ++level) {
            const ValueShape expected{40, halved(257, level), halved(width, level)};
            EXPECT_EQ(built.builder.shape(built.outputs.levels.at(level)), expected) << "level " << level;
        }
        EXPECT_NO_THROW(built.builder.build());
    }
}

TEST_P(EachNeck, CutsBelowTheBackbonesTop) {
    NeckOptions options;
    options.type = GetParam();
    options.last_level = 4;
    const Built built = build(options);
    EXPECT_EQ(built.outputs.levels.size(), 2U);
    EXPECT_FALSE(built.builder.graph().find_value("trunk.neck.lateral.p5.conv"));
}

TEST_P(EachNeck, DepthwiseHasFewerWeightsAndTheSameShapes) {
    NeckOptions options;
    options.type = GetParam();
    const Built full = build(options);
    options.depthwise = true;
    const Built light = build(options);
    for (const auto& [level, value] : full.outputs.levels) {
        EXPECT_EQ(light.builder.shape(light.outputs.levels.at(level)), full.builder.shape(value));
    }
    EXPECT_LT(3 * total_cost(light.builder.graph(), "trunk.neck").macs,
              total_cost(full.builder.graph(), "trunk.neck").macs);
}

TEST_P(EachNeck, UsesItsActivationOnlyAfterThe3x3Convolutions) {
    NeckOptions options;
    options.type = GetParam();
    options.activation = Activation::hard_swish;
    for (const Node& node : build(options).builder.build().nodes) {
        if (!node.name.starts_with("trunk.neck.")) continue;
        const auto* activation = std::get_if<ActivationAttributes>(&node.attributes);
        if (activation == nullptr) continue;
        EXPECT_EQ(activation->kind, Activation::hard_swish) << node.name;
        EXPECT_EQ(node.name.find(".lateral."), std::string::npos) << node.name;
    }
}

INSTANTIATE_TEST_SUITE_P(All, EachNeck, ::testing::Values(NeckType::fpn, NeckType::pan), [](const auto& test) {
    return test.param == NeckType::fpn ? std::string("fpn") : std::string("pan");
});

TEST(Fpn, TopLevelReachesTheLowestAndNotTheOtherWayRound) {
    NeckOptions options;
    const Built built = build(options);
    const Graph graph = built.builder.build();
    const auto needs = [&](int level, const std::string& value) {
        const std::vector<int> nodes = nodes_between(graph, {graph.input}, {built.outputs.levels.at(level)});
        const int producer = graph.value(graph.find_value(value).value()).producer;
        return std::find(nodes.begin(), nodes.end(), producer) != nodes.end();
    };
    EXPECT_TRUE(needs(3, "trunk.neck.lateral.p5.conv"));
    EXPECT_FALSE(needs(5, "trunk.neck.lateral.p3.conv"));
    EXPECT_TRUE(needs(6, "trunk.neck.smooth.p5.conv"));
}

TEST(Pan, LowestLevelReachesTheTop) {
    NeckOptions options;
    options.type = NeckType::pan;
    const Built built = build(options);
    const Graph graph = built.builder.build();
    const std::vector<int> nodes = nodes_between(graph, {graph.input}, {built.outputs.levels.at(5)});
    const int producer = graph.value(graph.find_value("trunk.neck.smooth.p3.conv").value()).producer;
    EXPECT_NE(std::find(nodes.begin(), nodes.end(), producer), nodes.end());
    EXPECT_EQ(graph.value(built.outputs.levels.at(3)).name, "trunk.neck.smooth.p3.act");
}

TEST(BuildNeck, RefusesOptionsOutOfRangeAndMissingLevels) {
    const auto refused = [](const std::vector<std::string>& words, auto change) {
        NeckOptions options;
        change(options);
        expect_error<CheckError>([&] { build(options); }, words);
    };
    refused({"channels", "found 0"}, [](NeckOptions& o) { o.channels = 0; });
    refused({"first_level", "found 1 and 6"}, [](NeckOptions& o) { o.first_level = 1; });
    refused({"last_level", "found 3 and 2"}, [](NeckOptions& o) { o.last_level = 2; });
    refused({"last_level", "found 3 and 9"}, [](NeckOptions& o) { o.last_level = 9; });
    refused({"prefix"}, [](NeckOptions& o) { o.name.clear(); });
    refused({"first_level 6", "last level 5"}, [](NeckOptions& o) { o.first_level = 6; });

    GraphBuilder builder(64, 64);
    const std::map<int, ValueId> gap{{3, builder.image()}, {5, builder.image()}};
    expect_error<CheckError>([&] { build_neck(builder, gap, {}); }, {"no level 4"});
    expect_error<CheckError>([&] { build_neck(builder, {}, {}); }, {"no level"});
}

} // namespace
} // namespace banyan
