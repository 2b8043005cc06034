// Learning through the head of a teacher.

#include "model/libtorch.h"
#include "train/cross_head.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "support/tensor_close.h"
#include "train/teacher_file.h"
#include "train/train_step.h"

namespace banyan {
namespace {

using test::labels_of;
using test::teaching::images;
using test::teaching::one;
using test::teaching::teacher_options;
using test::teaching::TeacherFile;

TrainOptions learning_trunk() {
    TrainOptions options = test::fp32_options();
    options.trunk_norm = TrunkNorm::frozen; // so that the trunk gives what it gives when it is run
    options.warmup_steps = 0;
    return options;
}

/// Towers of two layers, the first of which stays the network's.
ModelOptions two_layers(bool split_towers = false) {
    ModelOptions options = test::teaching::separate();
    for (BranchOptions& branch : options.branches) {
        branch.head.depth = 2;
        branch.head.split_towers = split_towers;
    }
    return options;
}

TeacherOptions crossing(const TeacherFile& file) {
    TeacherOptions options = teacher_options(file);
    options.cross = true;
    return options;
}

std::vector<Labels> nothing_known() { return std::vector<Labels>(3, labels_of(2, {}, {})); }

bool is_behind_the_cut(const std::string& name) {
    const auto holds = [&](const char* part) { return name.find(part) != std::string::npos; };
    return holds("tower.1.") || holds(".cls.") || holds(".box.") || holds(".box_scale.");
}

/// Gradients of a step without labels.
std::map<std::string, at::Tensor> gradients_of(MultiTaskModel& model, const TeacherOptions& options, double& total) {
    Teachers teachers = one(options, model, {});
    TrainStep step(model, learning_trunk(), &teachers);
    const StepLosses losses = step.forward(images(), nothing_known());
    total = losses.total.item<double>();
    losses.total.backward();
    return test::take_gradients(model.module());
}

TEST(CrossHeads, ATeacherEqualToTheNetworkTeachesNothing) {
    const TeacherFile file(two_layers());
    MultiTaskModel model = load_model(file.path(), test::double_module());
    double total = -1;
    for (const auto& [name, gradient] : gradients_of(model, crossing(file), total)) {
        if (!gradient.defined()) continue;
        EXPECT_LT(gradient.abs().max().item<double>(), 1e-7) << name;
    }
    EXPECT_NEAR(total, 0, 1e-9);
}

TEST(CrossHeads, TeachOnlyWhatLiesBeforeTheCut) {
    for (const bool split : {false, true}) {
        const TeacherFile file(two_layers(split));
        MultiTaskModel model(two_layers(split), test::double_module());
        double total = 0;
        const auto gradients = gradients_of(model, crossing(file), total);
        EXPECT_GT(total, 0.01);
        for (const auto& [name, gradient] : gradients) {
            const bool is_taught = gradient.defined() && gradient.abs().max().item<double>() > 0;
            const bool is_before = name.ends_with("tower.0.conv.weight");
            EXPECT_TRUE(is_taught || !is_before) << name;
            EXPECT_FALSE(is_taught && is_behind_the_cut(name)) << name;
        }
        EXPECT_GT(gradients.at("trunk.neck.smooth.p3.conv.weight").abs().max().item<double>(), 0);
    }
}

// Where network and teacher are equal behind the cut, its own head says what the teacher's would.
TEST(CrossHeads, GiveTheLossOfTheNetworkWithTheTeachersLastLayers) {
    const TeacherFile file(two_layers());
    MultiTaskModel model(two_layers(), test::double_module());
    const MultiTaskModel teacher = load_model(file.path(), test::double_module());
    for (const auto& [name, tensor] : teacher.module().parameters()) {
        if (is_behind_the_cut(name)) model.module().assign(name, tensor.detach());
    }
    double own_total = 0, cross_total = 0;
    TeacherOptions own = crossing(file);
    own.cross = false;
    const auto by_own = gradients_of(model, own, own_total);
    const auto by_cross = gradients_of(model, crossing(file), cross_total);
    EXPECT_GT(own_total, 0.01);
    EXPECT_NEAR(own_total, cross_total, 1e-9);
    for (const auto& [name, gradient] : by_cross) {
        if (is_behind_the_cut(name) || !gradient.defined()) continue;
        test::expect_close(gradient, by_own.at(name), {.atol = 1e-9});
    }
}

TEST(CrossHeads, LeaveOutputsToTheLabels) {
    const TeacherFile file(two_layers());
    MultiTaskModel model(two_layers(), test::double_module());
    Teachers teachers = one(crossing(file), model, {});
    TrainStep step(model, learning_trunk(), &teachers);
    std::vector<Labels> labels = nothing_known();
    labels[1] = labels_of(2, {0}, {{{8, 8, 30, 34}, 0}});
    const StepLosses losses = step.forward(images(), labels);
    EXPECT_EQ(losses.active.at("face"), std::vector<bool>{true});
    EXPECT_EQ(losses.active.at("hand"), std::vector<bool>{false}) << "its outputs have learned nothing";
    losses.total.backward();
    const auto gradients = test::take_gradients(model.module());
    EXPECT_GT(gradients.at("branches.face.cls.weight").abs().max().item<double>(), 0);
    EXPECT_FALSE(gradients.at("branches.hand.cls.weight").defined());
}

TEST(CrossHeads, RefuseHeadsThatDiffer) {
    const MultiTaskModel network(two_layers(), test::double_module());
    const auto refused = [&](const ModelOptions& options, const std::string& word) {
        const MultiTaskModel teacher(options, test::double_module());
        test::expect_error<ConfigError>(
            [&] { link_cross_heads(network, teacher, link_teacher(network, teacher, {}, "teacher"), "teacher"); },
            {"\"cross\"", word});
    };
    ModelOptions other = two_layers();
    other.branches[1].head.depth = 3;
    refused(other, "branch hand");
    other = two_layers();
    other.branches[0].head.width = 16;
    refused(other, "2 x 16");
    other = two_layers();
    other.branches[0].anchors.scales = {3};
    refused(other, "other anchors");
    other = two_layers();
    other.branches = {test::tiny_branch("both", test::teaching::kTasks)};
    refused(other, "the same tasks");
    EXPECT_EQ(link_cross_heads(network, network, link_teacher(network, network, {}, "teacher"), "teacher").size(), 2U);
}

} // namespace
} // namespace banyan
