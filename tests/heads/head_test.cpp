#include "heads/head.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "graph/dump.h"
#include "heads/box_bins.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

/// Three feature levels p3…p5 of `channels` channels for a 64 x 96 input.
std::map<int, ValueId> feature_levels(GraphBuilder& builder, std::int64_t channels = 16) {
    std::map<int, ValueId> levels;
    for (const int level : {3, 4, 5}) {
        ConvAttributes conv;
        conv.out_channels = channels;
        conv.kernel = conv.stride = std::int64_t{1} << level;
        levels[level] = builder.conv(builder.image(), "trunk.p" + std::to_string(level), conv);
    }
    return levels;
}

Graph head_graph(const HeadShape& shape, const HeadOptions& options) {
    GraphBuilder builder(64, 96);
    build_head(builder, feature_levels(builder), shape, options);
    return builder.build();
}

HeadOptions small_head() {
    HeadOptions options;
    options.width = 24;
    return options;
}

std::int64_t count_parameters(const Graph& graph, const std::string& part) {
    return std::count_if(graph.parameters.begin(), graph.parameters.end(),
                         [&](const auto& entry) { return entry.first.find(part) != std::string::npos; });
}

TEST(BuildHead, DeclaresTheOutputsOfEachLevelForAllKAndA) {
    for (const std::int64_t classes : {1, 5}) {
        for (const std::int64_t per_cell : {1, 3}) {
            const Graph graph = head_graph({"face", {{"face", classes}}, per_cell}, small_head());
            ASSERT_EQ(graph.outputs.size(), 6u);
            for (const int level : {3, 4, 5}) {
                const std::int64_t height = 64 >> level, width = 96 >> level;
                const Value& logits = graph.value(graph.outputs.at(class_output_name("face", level)));
                const Value& codes = graph.value(graph.outputs.at(box_output_name("face", level)));
                EXPECT_EQ(logits.shape, (ValueShape{per_cell * classes, height, width}));
                EXPECT_EQ(codes.shape, (ValueShape{per_cell * 4, height, width}));
            }
        }
    }
    EXPECT_EQ(class_output_name("face", 3), "face.cls.p3");
    EXPECT_EQ(box_output_name("face", 6), "face.box.p6");
}

TEST(BuildHead, SharesConvolutionsOverLevelsButNotNorms) {
    for (const TowerKind tower : {TowerKind::separable, TowerKind::conv}) {
        HeadOptions options = small_head();
        options.tower = tower;
        const Graph graph = head_graph({"face", {{"face", 2}}, 3}, options);
        const bool separable = tower == TowerKind::separable;
        // Two tower layers (depthwise and pointwise weight, or one full weight), class and box weight and bias.
        EXPECT_EQ(count_parameters(graph, "branches.face.tower.") - count_parameters(graph, ".bn."), separable ? 4 : 2);
        EXPECT_EQ(count_parameters(graph, ".bn."), 2 * 3 * 4); // layers x levels x tensors of a norm
        EXPECT_EQ(count_parameters(graph, "box_scale"), 3);
        const auto shape_of = [&](const std::string& name) { return graph.parameters.at(name).shape; };
        using Shape = std::vector<std::int64_t>;
        if (separable) {
            EXPECT_EQ(shape_of("branches.face.tower.0.dw.weight"), (Shape{16, 1, 3, 3}));
            EXPECT_EQ(shape_of("branches.face.tower.0.conv.weight"), (Shape{24, 16, 1, 1}));
        } else {
            EXPECT_EQ(shape_of("branches.face.tower.0.conv.weight"), (Shape{24, 16, 3, 3}));
        }
        EXPECT_EQ(shape_of("branches.face.tower.1.bn.p4.running_mean"), (Shape{24}));
        EXPECT_EQ(shape_of("branches.face.cls.weight"), (Shape{6, 24, 1, 1}));
        EXPECT_EQ(shape_of("branches.face.cls.bias"), (Shape{6}));
        EXPECT_EQ(shape_of("branches.face.box.weight"), (Shape{12, 24, 1, 1}));
        EXPECT_EQ(shape_of("branches.face.box_scale.p5.scale"), (Shape{1}));
    }
}

TEST(BuildHead, StartsAtThePriorAndTheStartBox) {
    HeadOptions options = small_head();
    options.prior = 0.02;
    const Graph graph = head_graph({"face", {{"face", 2}}, 1, 3.0}, options);
    const Parameter& class_bias = graph.parameters.at("branches.face.cls.bias");
    EXPECT_NEAR(1 / (1 + std::exp(-class_bias.init_value)), 0.02, 1e-12);
    EXPECT_DOUBLE_EQ(graph.parameters.at("branches.face.cls.weight").init_std, 0.01);
    EXPECT_DOUBLE_EQ(graph.parameters.at("branches.face.box.weight").init_std, 0.01);
    EXPECT_DOUBLE_EQ(graph.parameters.at("branches.face.box.bias").init_value, 3.0);
    EXPECT_DOUBLE_EQ(graph.parameters.at("branches.face.box_scale.p3.scale").init_value, 1.0);
    EXPECT_DOUBLE_EQ(graph.parameters.at("branches.face.tower.0.conv.weight").init_std, 0); // He
}

TEST(BuildHead, GivesBinsForEachSideOfAPoint) {
    HeadOptions options = small_head();
    EXPECT_EQ(box_channels(options), 4);
    options.box_bins = 16;
    EXPECT_EQ(box_channels(options), 64);
    const Graph graph = head_graph({"face", {{"face", 2}}, 1, 3.0}, options);
    EXPECT_EQ(graph.value(graph.outputs.at("face.box.p3")).shape, (ValueShape{64, 8, 12}));
    // All sides start at the start code: the expectation of one distribution, which the channels of a side repeat.
    const Parameter& bias = graph.parameters.at("branches.face.box.bias");
    EXPECT_EQ(bias.shape, (std::vector<std::int64_t>{64}));
    EXPECT_EQ(bias.init_pattern, widest_distribution(16, 3.0));
}

TEST(BuildHead, SplitsTheTowersOnDemand) {
    HeadOptions options = small_head();
    options.split_towers = true;
    options.depth = 1;
    const Graph graph = head_graph({"face", {{"face", 1}}, 1}, options);
    EXPECT_EQ(count_parameters(graph, "branches.face.tower."), 0);
    EXPECT_EQ(count_parameters(graph, "branches.face.cls_tower."), 2 + 3 * 4);
    EXPECT_EQ(count_parameters(graph, "branches.face.box_tower."), 2 + 3 * 4);
    // The class output does not depend on the box tower.
    for (const int index : nodes_between(graph, {graph.input}, {graph.outputs.at("face.cls.p4")})) {
        EXPECT_EQ(graph.nodes[static_cast<std::size_t>(index)].name.find("box"), std::string::npos);
    }
}

TEST(BuildHead, PutsTheOutputsStraightOnTheLevelsWithoutATower) {
    HeadOptions options = small_head();
    options.depth = 0;
    const Graph graph = head_graph({"face", {{"face", 1}}, 1}, options);
    EXPECT_EQ(graph.parameters.at("branches.face.cls.weight").shape, (std::vector<std::int64_t>{1, 16, 1, 1}));
    EXPECT_EQ(graph.nodes.size(), 3u + 3u * 3u); // per level: features, then cls, box, scale
}

TEST(BuildHead, PutsOutputsOfEachTaskBehindOneTower) {
    for (const bool split : {false, true}) {
        HeadOptions options = small_head();
        options.split_towers = split;
        const Graph graph = head_graph({"body", {{"body.head", 2}, {"body.hand", 5}}, 3, 0.5}, options);
        ASSERT_EQ(graph.outputs.size(), 12u);
        EXPECT_EQ(graph.value(graph.outputs.at("body.head.cls.p3")).shape, (ValueShape{3 * 2, 8, 12}));
        EXPECT_EQ(graph.value(graph.outputs.at("body.hand.cls.p3")).shape, (ValueShape{3 * 5, 8, 12}));
        EXPECT_EQ(graph.value(graph.outputs.at("body.hand.box.p5")).shape, (ValueShape{3 * 4, 2, 3}));

        // Tower and outputs of a task have the tensors of a branch of its own, with the same start values.
        const Graph alone = head_graph({"body", {{"body.hand", 5}}, 3, 0.5}, options);
        for (const auto& [name, parameter] : alone.parameters) {
            ASSERT_EQ(graph.parameters.count(name), 1u) << name;
            EXPECT_EQ(graph.parameters.at(name).shape, parameter.shape) << name;
            EXPECT_EQ(graph.parameters.at(name).init_value, parameter.init_value) << name;
        }
        const std::int64_t own = count_parameters(graph, "branches.body.head.");
        EXPECT_EQ(own, 2 + 2 + 3); // classes, boxes, a scale a level
        EXPECT_EQ(static_cast<std::int64_t>(graph.parameters.size() - alone.parameters.size()), own);
    }
}

TEST(BuildHead, PutsManyBranchesOnOneTrunk) {
    GraphBuilder builder(64, 96);
    const auto levels = feature_levels(builder);
    build_head(builder, levels, {"face", {{"face", 1}}, 1}, small_head());
    build_head(builder, levels, {"hand", {{"hand", 5}}, 1}, small_head());
    const Graph graph = builder.build();
    EXPECT_EQ(graph.outputs.size(), 12u);
    EXPECT_EQ(count_parameters(graph, "branches.face."), count_parameters(graph, "branches.hand."));
    expect_error<CheckError>(
        [&] {
            build_head(builder, levels, {"face", {{"face", 1}}, 1}, small_head());
        },
        {"branches.face"});
}

TEST(BuildHead, HasAReadableDump) {
    const std::string text = dump(head_graph({"face", {{"face", 2}}, 3}, small_head()));
    for (const char* word : {"branches.face.tower.0.dw.p3", "branches.face.tower.1.conv.p5", "branches.face.cls.p4",
                             "branches.face.box_scale.p5", "face.cls.p3", "face.box.p3"}) {
        EXPECT_THAT(text, testing::HasSubstr(word));
    }
}

TEST(BuildHead, RefusesOptionsOutOfRange) {
    const auto refused = [](const HeadShape& shape, const std::vector<std::string>& words, auto change) {
        HeadOptions options;
        change(options);
        expect_error<CheckError>([&] { head_graph(shape, options); }, words);
    };
    const auto keep = [](HeadOptions&) {};
    refused({"", {{"face", 1}}, 1}, {"name of a branch"}, keep);
    refused({"face", {{"face", 0}}, 1}, {"head of branch face", "class", "found 0"}, keep);
    refused({"face", {}, 1}, {"head of branch face", "at least one task"}, keep);
    refused({"face", {{"", 1}}, 1}, {"head of branch face", "name of its outputs"}, keep);
    refused({"face", {{"face", 1}}, 0}, {"anchor", "found 0"}, keep);
    refused({"face", {{"face", 1}}, 1, std::nan("")}, {"box codes"}, keep);
    refused({"face", {{"face", 1}}, 1}, {"depth", "found -1"}, [](HeadOptions& options) { options.depth = -1; });
    refused({"face", {{"face", 1}}, 1}, {"depth", "found 9"}, [](HeadOptions& options) { options.depth = 9; });
    refused({"face", {{"face", 1}}, 1}, {"multiple of 8", "found 20"},
            [](HeadOptions& options) { options.width = 20; });
    refused({"face", {{"face", 1}}, 1}, {"width", "found 0"}, [](HeadOptions& options) { options.width = 0; });
    refused({"face", {{"face", 1}}, 1}, {"prior", "found 0"}, [](HeadOptions& options) { options.prior = 0; });
    refused({"face", {{"face", 1}}, 1}, {"prior", "found 0.6"}, [](HeadOptions& options) { options.prior = 0.6; });
}

TEST(BuildHead, RefusesLevelsThatCannotShareConvolutions) {
    GraphBuilder builder(64, 96);
    expect_error<CheckError>(
        [&] {
            build_head(builder, {}, {"face", {{"face", 1}}, 1}, {});
        },
        {"face", "at least one level"});
    auto levels = feature_levels(builder, 16);
    ConvAttributes other;
    other.out_channels = 32;
    levels[6] = builder.conv(builder.image(), "trunk.p6", other);
    expect_error<ShapeError>(
        [&] {
            build_head(builder, levels, {"face", {{"face", 1}}, 1}, small_head());
        },
        {"tower.0"});
}

TEST(StartBoxCode, GivesStartBoxesTheSizeOfTheAnchors) {
    AnchorOptions anchors;
    EXPECT_EQ(start_box_code(anchors), 0);
    anchors.kind = AnchorKind::points;
    EXPECT_DOUBLE_EQ(start_box_code(anchors), 3.0); // scale 6: three strides to each side
    anchors.levels = {3, 4};
    anchors.sizes = {{{16, 16}}, {{64, 64}}}; // 1 stride, 2 strides to each side
    EXPECT_DOUBLE_EQ(start_box_code(anchors), 1.5);
    anchors.sizes.pop_back();
    expect_error<CheckError>([&] { start_box_code(anchors); }, {"sizes"});
}

} // namespace
} // namespace banyan
