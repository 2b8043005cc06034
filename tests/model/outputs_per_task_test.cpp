// With outputs per task a branch is its tasks' own branches behind one tower: what is merged by copying must find the
// same to the bit.

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/safetensors.h"
#include "graph/graph_json.h"
#include "graph/remove_dead.h"
#include "model/merged_copy.h"
#include "model/predict.h"
#include "model/saved_model.h"
#include "model/tiny_model.h"
#include "network/build_graph.h"
#include "network/model_config.h"
#include "network/model_file.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

/// Two branches with heads of one shape.
ModelOptions separate_options() {
    ModelOptions options = test::tiny_model_options();
    options.branches[1].anchors = options.branches[0].anchors;
    return options;
}

/// The first branch serves all tasks, each with outputs of its own.
ModelOptions merged(ModelOptions options) {
    BranchOptions& branch = options.branches.front();
    branch.name = "both";
    branch.tasks = {"face", "hand"};
    branch.head.boxes = BoxOutputs::per_task;
    options.branches.resize(1);
    return options;
}

ModelOptions merged_options() { return merged(separate_options()); }

TEST(BranchesOfHead, AreTheTasksOfOutputsPerTask) {
    BranchOptions head = merged_options().branches[0];
    const std::vector<BranchOptions> branches = branches_of_head(head);
    ASSERT_EQ(branches.size(), 2U);
    EXPECT_EQ(branches[0].name, "both.face");
    EXPECT_EQ(branches[1].name, "both.hand");
    EXPECT_THAT(branches[1].tasks, ElementsAre("hand"));
    EXPECT_EQ(branches[1].anchors, head.anchors);
    head.head.boxes = BoxOutputs::shared;
    ASSERT_EQ(branches_of_head(head).size(), 1U);
    EXPECT_THAT(branches_of_head(head)[0].tasks, ElementsAre("face", "hand"));
    head.head.boxes = BoxOutputs::per_task;
    head.tasks = {"hand"};
    ASSERT_EQ(branches_of_head(head).size(), 1U);
    EXPECT_EQ(branches_of_head(head)[0].name, "both");
}

TEST(OutputsPerTask, AreBranchesThatShareAHead) {
    const MultiTaskModel model(merged_options());
    ASSERT_EQ(model.branches().size(), 2U);
    const Branch& face = model.branch("both.face");
    const Branch& hand = model.branch("both.hand");
    EXPECT_EQ(face.head, "both");
    EXPECT_EQ(hand.head, "both");
    EXPECT_THAT(face.classes, ElementsAre(0, 1));
    EXPECT_THAT(hand.classes, ElementsAre(2));
    EXPECT_EQ(face.features, hand.features);
    const Graph& graph = model.module().graph();
    EXPECT_EQ(graph.value(face.class_values[0]).shape.channels, 2 * 2); // two anchors a cell
    EXPECT_EQ(graph.value(hand.class_values[0]).shape.channels, 2 * 1);
    EXPECT_EQ(graph.value(hand.box_values[1]).shape.channels, 2 * 4);
    EXPECT_THAT(output_names_of(model.options(), {"hand"}),
                ElementsAre("both.hand.cls.p3", "both.hand.box.p3", "both.hand.cls.p4", "both.hand.box.p4"));
}

TEST(OutputsPerTask, ChangeNothingForOneTask) {
    ModelOptions options = separate_options();
    const std::string expected = to_json(build_graph(options));
    for (BranchOptions& branch : options.branches) branch.head.boxes = BoxOutputs::per_task;
    EXPECT_EQ(to_json(build_graph(options)), expected);
}

struct Variant {
    const char* name;
    std::function<void(ModelOptions&)> change;
};

void change_heads(ModelOptions& options, const std::function<void(BranchOptions&)>& change) {
    for (BranchOptions& branch : options.branches) change(branch);
}

const std::vector<Variant>& variants() {
    static const std::vector<Variant> list{
        {"Boxes", [](ModelOptions&) {}},
        {"Points",
         [](ModelOptions& options) {
             change_heads(options, [](BranchOptions& branch) {
                 branch.anchors.kind = AnchorKind::points;
                 branch.anchors.aspect_hw = {1};
             });
         }},
        {"Bins",
         [](ModelOptions& options) {
             change_heads(options, [](BranchOptions& branch) {
                 branch.anchors.kind = AnchorKind::points;
                 branch.anchors.aspect_hw = {1};
                 branch.head.box_bins = 8;
             });
         }},
        {"SplitTowers",
         [](ModelOptions& options) {
             change_heads(options, [](BranchOptions& branch) { branch.head.split_towers = true; });
         }},
        {"FullTowers",
         [](ModelOptions& options) {
             change_heads(options, [](BranchOptions& branch) {
                 branch.head.tower = TowerKind::conv;
                 branch.head.depth = 2;
             });
         }},
        {"NoTower",
         [](ModelOptions& options) { change_heads(options, [](BranchOptions& branch) { branch.head.depth = 0; }); }},
        {"GroupNorm", [](ModelOptions& options) {
             options.norm = {NormKind::group, 4};
         }}};
    return list;
}

class MergedByCopying : public testing::TestWithParam<Variant> {
protected:
    MergedByCopying() : MergedByCopying(changed(GetParam())) {}
    explicit MergedByCopying(const ModelOptions& options)
        : separate_(options, test::seeded(2)), merged_(merged(options), test::seeded(3)) {
        test::make_talkative(separate_);
        test::make_towers_equal(separate_);
        test::copy_separate(separate_, merged_);
    }

    static ModelOptions changed(const Variant& variant) {
        ModelOptions options = separate_options();
        variant.change(options);
        return options;
    }

    MultiTaskModel separate_, merged_;
};

TEST_P(MergedByCopying, HasTheOutputsOfTheSeparateBranchesToTheBit) {
    const torch::NoGradGuard no_grad;
    const at::Tensor images = separate_.normalise(test::random_pixels(2));
    const auto expected = separate_.module().run_outputs(images), got = merged_.module().run_outputs(images);
    ASSERT_EQ(got.size(), expected.size());
    for (const auto& [name, value] : expected) EXPECT_TRUE(at::equal(got.at("both." + name), value)) << name;
}

TEST_P(MergedByCopying, FindsTheSameToTheBit) {
    const at::Tensor pixels = test::random_pixels(2);
    for (const int most : {100, 3}) {
        PredictOptions options{0.3, 0.5, most, false};
        const Predictions expected = predict(separate_, pixels, options), got = predict(merged_, pixels, options);
        for (std::size_t image = 0; image < 2; ++image) {
            ASSERT_THAT(expected[image], Not(IsEmpty()));
            ASSERT_EQ(got[image].size(), expected[image].size());
            for (std::size_t i = 0; i < got[image].size(); ++i) {
                EXPECT_EQ(got[image][i].box, expected[image][i].box);
                EXPECT_EQ(got[image][i].score, expected[image][i].score);
                EXPECT_EQ(got[image][i].class_id, expected[image][i].class_id);
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Heads, MergedByCopying, testing::ValuesIn(variants()),
                         [](const auto& variant) { return variant.param.name; });

TEST(OutputsPerTask, OfUnwantedTasksAreCutAway) {
    MultiTaskModel whole(merged_options());
    const Graph graph = keep_outputs(whole.module().graph(), output_names_of(whole.options(), {"hand"}));
    for (const auto& [name, parameter] : graph.parameters)
        EXPECT_FALSE(name.starts_with("branches.both.face.")) << name;
    MultiTaskModel cut(whole.options(), graph);
    ASSERT_EQ(cut.branches().size(), 1U);
    EXPECT_EQ(cut.branches()[0].name, "both.hand");
    for (const auto& [name, tensor] : cut.module().to_host()) cut.module().assign(name, whole.module().tensor(name));
    const torch::NoGradGuard no_grad;
    const at::Tensor images = torch::randn({1, 3, 64, 64});
    const auto expected = whole.module().run_outputs(images);
    for (const auto& [name, value] : cut.module().run_outputs(images)) EXPECT_TRUE(at::equal(value, expected.at(name)));
}

TEST(OutputsPerTask, ComeBackFromAModelFile) {
    const test::TempDir dir;
    const std::string path = dir.file("merged.banyan.safetensors");
    MultiTaskModel model(merged_options(), test::seeded(4));
    save_model(path, model);
    MultiTaskModel loaded = load_model(path);
    ASSERT_EQ(loaded.branches().size(), 2U);
    EXPECT_EQ(loaded.options().branches[0].head, model.options().branches[0].head);
    EXPECT_EQ(to_json(loaded.options()), to_json(model.options()));
    EXPECT_EQ(loaded.module().to_host(), model.module().to_host());
}

TEST(OutputsPerTask, AreSharedInModelFilesThatDoNotNameThem) {
    const test::TempDir dir;
    const std::string path = dir.file("old.banyan.safetensors");
    ModelOptions options = merged_options();
    options.branches[0].head.boxes = BoxOutputs::shared;
    save_model(path, MultiTaskModel(options));
    const SafetensorsFile file = SafetensorsFile::load(path);
    auto metadata = file.metadata();
    const std::string key = R"(,"boxes":"shared")";
    ASSERT_NE(metadata["options"].find(key), std::string::npos);
    metadata["options"].erase(metadata["options"].find(key), key.size());
    save_safetensors(path, file.tensors(), metadata);
    const MultiTaskModel loaded = load_model(path);
    ASSERT_EQ(loaded.branches().size(), 1U);
    EXPECT_EQ(loaded.options().branches[0].head, options.branches[0].head);
}

TEST(OutputsPerTask, RefuseNamesThatParametersCannotHave) {
    for (const char* name : {"left.hand", "left hand", "a/b"}) {
        ModelOptions options = merged_options();
        options.tasks[1] = {name, {"hand"}};
        options.branches[0].tasks[1] = name;
        expect_error<ConfigError>([&] { validate(options, "a.json:/model"); },
                                  {"a.json:/model", "branch \"both\" has outputs per task", name});
        options.branches[0].head.boxes = BoxOutputs::shared;
        validate(options, "a.json:/model");
    }
}

TEST(OutputsPerTask, RefuseAGraphOfSharedOnes) {
    ModelOptions options = merged_options();
    options.branches[0].head.boxes = BoxOutputs::shared;
    const Graph graph = build_graph(options);
    expect_error<CheckError>([&] { MultiTaskModel(merged_options(), graph); }, {"no output of any branch"});
}

} // namespace
} // namespace banyan
