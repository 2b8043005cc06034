#include "model/multi_task_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "graph/pass_list.h"
#include "model/libtorch.h"
#include "model/tiny_model.h"
#include "network/build_graph.h"
#include "support/expect_error.h"
#include "support/tensor_close.h"

namespace banyan {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

TEST(MultiTaskModel, BranchesKnowTheirClassesAndValues) {
    ModelOptions options = test::tiny_model_options();
    options.branches[0].tasks = {"hand"}; // in another order than the tasks
    options.branches[1].tasks = {"face"};
    const MultiTaskModel model(options);
    ASSERT_EQ(model.branches().size(), 2U);
    EXPECT_THAT(model.branch("face").classes, ElementsAre(2));
    EXPECT_THAT(model.branch("hand").classes, ElementsAre(0, 1));
    EXPECT_EQ(model.classes().class_name(1), "bare");
    const Graph& graph = model.module().graph();
    for (const Branch& branch : model.branches()) {
        ASSERT_EQ(branch.features.size(), 2U);
        EXPECT_EQ(branch.class_values[0], graph.outputs.at(class_output_name(branch.name, 3)));
        EXPECT_EQ(branch.box_values[1], graph.outputs.at(box_output_name(branch.name, 4)));
        EXPECT_EQ(graph.value(branch.features[0]).shape.channels, 16);
    }
    EXPECT_EQ(model.branch("face").features, model.branch("hand").features); // one trunk
    EXPECT_EQ(model.branch("hand").class_count(), 2U);
    expect_error<CheckError>([&] { (void)model.branch("foot"); }, {"no branch \"foot\""});
}

TEST(MultiTaskModel, MergedBranchesHoldTheClassesOfTheirTasksInOrder) {
    ModelOptions options = test::tiny_model_options();
    options.branches.pop_back();
    options.branches[0].tasks = {"hand", "face"};
    const MultiTaskModel model(options);
    const Branch& branch = model.branches().at(0);
    EXPECT_THAT(branch.classes, ElementsAre(2, 0, 1));
    const auto shape = model.module().graph().value(branch.class_values[0]).shape;
    EXPECT_EQ(shape.channels, 2 * 3); // two anchors a cell
}

TEST(MultiTaskModel, TheTrunkDoesNotDependOnTheBranches) {
    ModelOptions one = test::tiny_model_options();
    one.tasks.pop_back();
    one.branches.pop_back();
    const MultiTaskModel both(test::tiny_model_options(), test::seeded(7)), alone(one, test::seeded(7));
    for (const auto& [name, values] : alone.module().to_host())
        EXPECT_EQ(both.module().to_host().at(name), values) << name;
}

TEST(MultiTaskModel, StartBoxesOfPointsHaveAnArea) {
    ModelOptions options = test::tiny_model_options();
    options.branches[1].anchors.kind = AnchorKind::points;
    options.branches[1].anchors.scales = {6};
    const MultiTaskModel model(options);
    // Half of 6 strides to each side; prior boxes start as they are.
    expect_close(model.module().tensor("branches.hand.box.bias"), torch::full({4}, 3.0F), {1e-6, 0});
    expect_close(model.module().tensor("branches.face.box.bias"), torch::zeros({8}));
}

TEST(MultiTaskModel, StartBoxesOfBinsHaveTheSizeOfTheAnchors) {
    ModelOptions options = test::tiny_model_options();
    options.branches[1].anchors.kind = AnchorKind::points;
    options.branches[1].anchors.scales = {5};
    options.branches[1].head.box_bins = 16;
    const MultiTaskModel model(options);
    const at::Tensor bias = model.module().tensor("branches.hand.box.bias").detach().view({4, 16});
    const at::Tensor distances = at::matmul(bias.softmax(1), at::arange(16, at::kFloat));
    EXPECT_TRUE(at::allclose(distances, at::full({4}, 2.5), 1e-5, 1e-5)) << distances;
    EXPECT_EQ(model.module().graph().value(model.branch("hand").box_values[0]).shape.channels, 64);
}

TEST(MultiTaskModel, RefusesBoxChannelsThatDoNotFit) {
    ModelOptions options = test::tiny_model_options();
    options.branches[1].anchors.kind = AnchorKind::points;
    const Graph graph = build_graph(options);
    options.branches[1].head.box_bins = 8;
    expect_error<CheckError>([&] { MultiTaskModel(options, graph); }, {"hand", "expected 32 box channels, found 4"});
}

TEST(MultiTaskModel, LeavesOutBranchesThatTheGraphLacks) {
    const ModelOptions options = test::tiny_model_options();
    Graph graph = build_graph(options);
    std::erase_if(graph.outputs, [](const auto& output) { return output.first.starts_with("face."); });
    const MultiTaskModel model(options, graph);
    ASSERT_EQ(model.branches().size(), 1U);
    EXPECT_EQ(model.branches()[0].name, "hand");
    EXPECT_THAT(model.branches()[0].classes, ElementsAre(2)); // class ids stay those of the options
}

TEST(MultiTaskModel, RefusesGraphsThatDoNotFitTheOptions) {
    const ModelOptions options = test::tiny_model_options();
    Graph graph = build_graph(options);
    graph.outputs.clear();
    graph.outputs["other"] = 0;
    expect_error<CheckError>([&] { MultiTaskModel(options, graph); }, {"no output of any branch"});
    graph = build_graph(options);
    graph.outputs.erase(class_output_name("face", 4));
    expect_error<CheckError>([&] { MultiTaskModel(options, graph); }, {"branch face", "1 of its 2 levels"});
    ModelOptions more = options;
    more.tasks[1].classes = {"left", "right"};
    expect_error<CheckError>([&] { MultiTaskModel(more, build_graph(options)); }, {"branch hand", "class channels"});
}

TEST(MultiTaskModel, NormalisesPixels) {
    ModelOptions options = test::tiny_model_options();
    options.preprocessing = {{10, 20, 30}, {2, 4, 5}};
    GraphModuleOptions module_options;
    module_options.dtype = at::kDouble;
    for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
        module_options.dtype = dtype;
        const MultiTaskModel model(options, module_options);
        const at::Tensor pixels = test::random_pixels(2, 32);
        const at::Tensor expected = (pixels.permute({0, 3, 1, 2}).to(at::kDouble) -
                                     torch::tensor({10, 20, 30}, at::kDouble).view({1, 3, 1, 1})) /
                                    torch::tensor({2, 4, 5}, at::kDouble).view({1, 3, 1, 1});
        const at::Tensor normalised = model.normalise(pixels);
        EXPECT_EQ(normalised.scalar_type(), dtype);
        EXPECT_TRUE(normalised.is_contiguous(at::MemoryFormat::ChannelsLast));
        expect_close(normalised, expected, {1e-6, 1e-5});
        expect_error<CheckError>([&] { model.normalise(pixels.permute({0, 3, 1, 2})); }, {"[N, H, W, 3]"});
        expect_error<CheckError>([&] { model.normalise(pixels.to(at::kFloat)); }, {"uint8"});
        expect_error<CheckError>([&] { model.normalise(pixels[0]); }, {"[N, H, W, 3]"});
    }
}

TEST(OutputNames, AreThoseOfTheBranchesThatServeTheTasks) {
    ModelOptions options = test::tiny_model_options();
    EXPECT_THAT(output_names_of(options, {"hand"}),
                ElementsAre("hand.cls.p3", "hand.box.p3", "hand.cls.p4", "hand.box.p4"));
    EXPECT_EQ(output_names_of(options, {"hand", "face"}).size(), 8U);
    options.branches.pop_back();
    options.branches[0].tasks = {"face", "hand"};
    EXPECT_EQ(output_names_of(options, {"hand"}).size(), 4U); // a merged branch, once
    EXPECT_THAT(output_names_of(options, {}), ElementsAre());
    expect_error<UsageError>([&] { output_names_of(options, {"hant"}); },
                             {"--tasks", "\"hant\"", "face, hand", "did you mean \"hand\"?"});
}

} // namespace
} // namespace banyan
