#include "train/start_weights.h"

#include <algorithm>
#include <map>
#include <variant>

#include <gtest/gtest.h>

#include "core/error.h"
#include "graph/pass_list.h"
#include "model/libtorch.h"
#include "model/saved_model.h"
#include "network/model_file.h"
#include "quant/fake_quant.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"
#include "train/tiny_model.h"

namespace banyan {
namespace {

MultiTaskModel model_of(const ModelOptions& options, std::uint64_t seed) {
    GraphModuleOptions module;
    module.seed = seed;
    return MultiTaskModel(options, module);
}

class StartFromModel : public testing::Test {
protected:
    StartFromModel() { save_model(path_, model_of(options_, 7)); }

    /// A network of other options does not take the file and keeps its own tensors.
    void expect_refused(const ModelOptions& options, const std::vector<std::string>& words) {
        MultiTaskModel model = model_of(options, 1);
        const auto before = test::copies_of(model.module());
        expect_error<ModelFileError>([&] { start_from_model(model, path_); }, words);
        for (const auto& [name, tensor] : before) EXPECT_TRUE(at::equal(model.module().tensor(name), tensor)) << name;
    }

    ModelOptions options_ = test::tiny_options({"face", "hand"});
    TempDir dir_;
    std::string path_ = dir_.file("start.banyan.safetensors");
};

TEST_F(StartFromModel, TakesEveryTensor) {
    MultiTaskModel model = model_of(options_, 1);
    start_from_model(model, path_);
    const MultiTaskModel expected = load_model(path_);
    for (const auto& [name, tensor] : test::copies_of(expected.module())) {
        EXPECT_TRUE(at::equal(model.module().tensor(name), tensor)) << name;
    }
    EXPECT_TRUE(model.module().tensor("branches.face.cls.weight").requires_grad());
}

TEST_F(StartFromModel, TakesOneWithAnotherLossAndMatcher) {
    options_.branches[0].loss.gamma = 1;
    options_.branches[0].matcher.kind = MatcherKind::tal;
    options_.detection.nms_iou = 0.5;
    MultiTaskModel model = model_of(options_, 1);
    EXPECT_NO_THROW(start_from_model(model, path_));
}

TEST_F(StartFromModel, RefusesAnotherNetwork) {
    expect_refused(test::tiny_options({"hand", "face"}), {path_, "hand (hand), face (face)", "face (face), hand"});
    ModelOptions other = options_;
    other.branches = {test::tiny_branch("both", {"face", "hand"})};
    expect_refused(other, {"both (face+hand)", "face (face), hand (hand)"});
    other = options_;
    other.branches[1].anchors.scales = {3};
    expect_refused(other, {"anchors of branch hand"});
    other = options_;
    other.preprocessing.std = {1, 1, 1};
    expect_refused(other, {"mean and std"});
}

TEST_F(StartFromModel, RefusesTensorsThatDoNotFit) {
    ModelOptions other = options_;
    other.branches[1].head.width = 16;
    expect_refused(other, {"branches.hand.", "[4, 16, 1, 1]", "[4, 8, 1, 1]"});
    other = options_;
    other.branches[1].head.depth = 2;
    expect_refused(other, {"tensor \"branches.hand.tower.1.", "none"});
    other = options_;
    other.branches[1].head.depth = 0;
    other.branches[1].head.width = 16; // as the neck's levels
    expect_refused(other, {"branches.hand."});
}

/// The file of a network that is quantised: norms folded, what convolutions read rounded to steps of 0.05.
class StartFromQuantized : public StartFromModel {
protected:
    StartFromQuantized() {
        ModelFile file = ModelFile::load(path_);
        GraphWithValues network = apply_passes({file.graph, file.tensors});
        std::map<std::string, FakeQuantAttributes> attributes;
        for (const std::string& value : quantizable_values(network.graph)) attributes[value] = {0.05, 100};
        network.graph = insert_fake_quant(network.graph, attributes);
        file.graph = network.graph;
        file.tensors = network.tensors;
        file.save(path_);
    }
};

TEST_F(StartFromQuantized, TrainsTheGraphOfTheFile) {
    MultiTaskModel model = make_network(options_, path_, {});
    start_from_model(model, path_);
    const Graph& graph = model.module().graph();
    EXPECT_TRUE(std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
        return std::holds_alternative<FakeQuantAttributes>(node.attributes);
    }));
    const MultiTaskModel expected = load_model(path_);
    for (const auto& [name, tensor] : test::copies_of(expected.module())) {
        EXPECT_TRUE(at::equal(model.module().tensor(name), tensor)) << name;
    }
}

TEST_F(StartFromQuantized, TakesOneWithAnotherLossAndRefusesAnotherNetwork) {
    ModelOptions other = options_;
    other.branches[0].loss.gamma = 1;
    other.branches[0].nms = NmsKind::soft;
    other.detection.nms_iou = 0.5;
    EXPECT_NO_THROW(make_network(other, path_, {}));
    other.branches[1].head.width = 16;
    expect_error<ModelFileError>([&] { make_network(other, path_, {}); }, {path_, "backbone, neck, norms and heads"});
}

TEST_F(StartFromModel, BuildsTheOptionsNetworkForAFloatFile) {
    EXPECT_EQ(make_network(options_, path_, {}).module().graph().nodes.size(),
              model_of(options_, 1).module().graph().nodes.size());
    EXPECT_NO_THROW(make_network(options_, "", {}));
}

} // namespace
} // namespace banyan
