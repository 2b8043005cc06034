// A branch with outputs per task is trained as its tasks' own branches would be, but for the tower, which gets the sum
// of their gradients; what a task of it has nothing to learn from keeps every bit.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "model/merged_copy.h"
#include "support/tensor_close.h"
#include "train/isolation_check.h"
#include "train/state_snapshot.h"
#include "train/step_update.h"
#include "train/tiny_model.h"
#include "train/tiny_run.h"

namespace banyan {
namespace {

using test::labels_of;
using Gradients = std::map<std::string, at::Tensor>;

constexpr int kRows = 5, kSide = 64;
const std::vector<std::string> kTasks{"head", "torso", "hand"};

/// One branch a task; "torso" has two classes. Norms look at one row only, so that towers give a row the same whatever
/// other rows there are.
ModelOptions separate_options() {
    ModelOptions options = test::tiny_options(kTasks);
    options.tasks[1].classes = {"bare", "vest"};
    options.norm = {NormKind::group, 4};
    return options;
}

/// "head" and "torso" in one branch.
ModelOptions merged(ModelOptions options) {
    options.branches[0].name = "body";
    options.branches[0].tasks = {"head", "torso"};
    options.branches[0].head.boxes = BoxOutputs::per_task;
    options.branches.erase(options.branches.begin() + 1);
    return options;
}

Box random_box(Random& random) {
    const double x = random.uniform(0, 40), y = random.uniform(0, 40);
    return {static_cast<float>(x), static_cast<float>(y), static_cast<float>(x + random.uniform(4, 24)),
            static_cast<float>(y + random.uniform(4, 24))};
}

/// Any states, boxes near each other, some ignore regions and tiles.
Labels random_labels(Random& random) {
    const auto random_states = [&] {
        std::vector<LabelState> states;
        for (int k = 0; k < 4; ++k) states.push_back(static_cast<LabelState>(random.integer(0, 3)));
        return states;
    };
    Labels labels;
    labels.states = random_states();
    for (std::int64_t i = random.integer(0, 4); i > 0; --i) {
        labels.boxes.push_back({random_box(random), static_cast<int>(random.integer(0, 3))});
    }
    if (random.chance(0.3)) {
        labels.ignore.push_back({random_box(random), static_cast<int>(random.integer(-1, 3))});
    }
    if (random.chance(0.3)) labels.regions.push_back({Box{0, 0, 32, kSide}, random_states()});
    return labels;
}

std::vector<Labels> random_batch(Random& random) {
    std::vector<Labels> labels;
    for (int row = 0; row < kRows; ++row) labels.push_back(random_labels(random));
    return labels;
}

struct Variant {
    const char* name;
    MatcherKind matcher;
    AnchorKind anchors;
    int bins;
    bool split;
};

class TrainingOfOutputsPerTask : public testing::TestWithParam<Variant> {
protected:
    TrainingOfOutputsPerTask() : TrainingOfOutputsPerTask(changed(GetParam())) {}
    explicit TrainingOfOutputsPerTask(const ModelOptions& options)
        : separate_(options, test::double_module()), merged_(merged(options), test::double_module()) {
        test::make_towers_equal(separate_);
        test::copy_separate(separate_, merged_);
    }

    static ModelOptions changed(const Variant& variant) {
        ModelOptions options = separate_options();
        for (BranchOptions& branch : options.branches) {
            branch.anchors.kind = variant.anchors;
            if (variant.anchors == AnchorKind::boxes) branch.anchors.aspect_hw = {0.5, 1};
            branch.matcher.kind = variant.matcher;
            branch.head.box_bins = variant.bins;
            branch.head.split_towers = variant.split;
        }
        return options;
    }

    /// What the gradient of a tensor of the merged network must be: for the tower the sum over its tasks.
    at::Tensor expected_gradient(const std::string& name, const Gradients& separate) const {
        const at::Tensor first = separate.at(test::separate_name(merged_, name));
        if (!name.starts_with("branches.body.") || name.find("tower.") == std::string::npos) return first;
        const std::string rest = name.substr(std::string("branches.body.").size());
        const at::Tensor second = separate.at("branches.torso." + rest);
        if (!first.defined()) return second;
        return second.defined() ? first + second : first;
    }

    MultiTaskModel separate_, merged_;
};

TEST_P(TrainingOfOutputsPerTask, LossesAndGradientsAreTheSumOfItsTasks) {
    Random random(5);
    torch::manual_seed(7);
    TrainStep separate_step(separate_, test::fp32_options()), merged_step(merged_, test::fp32_options());
    int with_boxes = 0, apart = 0;
    for (int round = 0; round < 6; ++round) {
        const at::Tensor images = torch::randn({kRows, 3, kSide, kSide}, at::kDouble);
        const std::vector<Labels> labels = random_batch(random);
        const StepLosses expected = separate_step.forward(images, labels), got = merged_step.forward(images, labels);
        ASSERT_EQ(got.branches.size(), expected.branches.size());
        for (const std::string& task : kTasks) {
            const auto of_task = expected.branches.find(task);
            if (of_task == expected.branches.end()) continue;
            const BranchStep& figures = got.branches.at(task == "hand" ? task : "body." + task);
            EXPECT_EQ(figures.rows, of_task->second.rows);
            EXPECT_EQ(figures.positives, of_task->second.positives);
            EXPECT_NEAR(figures.class_loss, of_task->second.class_loss, 1e-12 * of_task->second.class_loss);
            EXPECT_NEAR(figures.box_loss, of_task->second.box_loss, 1e-12);
            with_boxes += figures.positives > 0;
            apart += figures.rows < kRows;
        }
        expected.total.backward();
        got.total.backward();
        const Gradients of_tasks = test::take_gradients(separate_.module());
        for (const auto& [name, gradient] : test::take_gradients(merged_.module())) {
            const at::Tensor sum = expected_gradient(name, of_tasks);
            ASSERT_EQ(gradient.defined(), sum.defined()) << name;
            if (sum.defined()) expect_close(gradient, sum, {1e-9, 1e-12});
        }
    }
    EXPECT_GE(with_boxes, 6); // the rounds do test something
    EXPECT_GE(apart, 3);
}

INSTANTIATE_TEST_SUITE_P(Matchers, TrainingOfOutputsPerTask,
                         testing::Values(Variant{"Atss", MatcherKind::atss, AnchorKind::boxes, 0, false},
                                         Variant{"MaxIou", MatcherKind::max_iou, AnchorKind::boxes, 0, false},
                                         Variant{"Tal", MatcherKind::tal, AnchorKind::points, 8, false},
                                         Variant{"SimOta", MatcherKind::simota, AnchorKind::points, 0, false},
                                         Variant{"SplitTowers", MatcherKind::atss, AnchorKind::boxes, 0, true}),
                         [](const auto& variant) { return variant.param.name; });

TEST(OutputsPerTaskTraining, LetTasksFindObjectsAtOnePlace) {
    ModelOptions options = merged(separate_options());
    const auto branches_after = [&](BoxOutputs boxes) {
        options.branches[0].head.boxes = boxes;
        MultiTaskModel model(options);
        TrainStep step(model, test::fp32_options());
        const Labels labels = labels_of(4, {0, 1}, {{{8, 8, 40, 40}, 0}, {{8, 8, 40, 40}, 1}});
        return step.forward(torch::randn({1, 3, kSide, kSide}), {labels}).branches;
    };
    const auto shared = branches_after(BoxOutputs::shared), per_task = branches_after(BoxOutputs::per_task);
    const std::int64_t of_one = per_task.at("body.head").positives;
    EXPECT_GT(of_one, 0);
    EXPECT_EQ(per_task.at("body.torso").positives, of_one);
    EXPECT_LE(shared.at("body").positives, of_one + 1); // they compete for the same anchors
}

/// A run of real steps on batch norms, with everything that a step may change.
class IdleOutputs : public testing::TestWithParam<OptimizerKind> {
protected:
    IdleOutputs()
        : options_(make_options()), model_(with_batch_norms()), forward_(model_, options_),
          optimizer_(model_.module(), options_), ema_(model_.module(), 0.9),
          update_(model_, forward_, optimizer_, ema_, options_) {
        torch::manual_seed(4);
    }

    static TrainOptions make_options() {
        TrainOptions options = test::fp32_options();
        options.optimizer = GetParam();
        options.warmup_steps = 0;
        return options;
    }
    static ModelOptions with_batch_norms() {
        ModelOptions options = merged(separate_options());
        options.norm = {};
        return options;
    }

    /// A step in which these classes are exhaustive; all have boxes, or none.
    void learn(const std::vector<int>& known, bool boxes = true) {
        std::vector<LabelledBox> list;
        for (const int id : known) {
            if (boxes) list.push_back({{8, 8, 30, 34}, id});
        }
        update_.run(torch::randn({2, 3, kSide, kSide}), std::vector<Labels>(2, labels_of(4, known, list)), step_++);
    }

    StateSnapshot snapshot() const { return {model_, optimizer_, ema_}; }

    TrainOptions options_;
    MultiTaskModel model_;
    TrainStep forward_;
    Optimizer optimizer_;
    Ema ema_;
    StepUpdate update_;
    std::int64_t step_ = 0;
};

/// Tensors of the branch's outputs with `part` in their names.
ComparedTensors outputs_of(const MultiTaskModel& model, const std::string& branch, const std::string& part) {
    ComparedTensors tensors = tensors_of_branch(model, model.branch(branch));
    std::erase_if(tensors, [&](const auto& entry) { return entry.first.find(part) == std::string::npos; });
    return tensors;
}

TEST_P(IdleOutputs, OfATaskWithoutLabelsKeepEveryBit) {
    learn({0, 1, 2, 3});
    const StateSnapshot before = snapshot();
    for (int i = 0; i < 3; ++i) learn({0, 3});
    const StateSnapshot after = snapshot();
    const ComparedTensors idle = tensors_of_branch(model_, model_.branch("body.torso"));
    EXPECT_EQ(idle.size(), 6U); // weight and bias of classes and boxes, a scale a level
    const SnapshotComparison kept = compare(before, after, idle);
    EXPECT_EQ(kept.first_difference, "");
    EXPECT_EQ(kept.tensors, GetParam() == OptimizerKind::adamw ? 36 : 24);
    for (const char* part : {".cls.", ".box."}) {
        EXPECT_NE(compare(before, after, outputs_of(model_, "body.head", part)).first_difference, "") << part;
    }
}

TEST_P(IdleOutputs, OfBoxesWithoutAPositiveKeepEveryBit) {
    learn({0, 1, 2, 3});
    const StateSnapshot before = snapshot();
    learn({0, 1, 2, 3}, false);
    const StateSnapshot after = snapshot();
    for (const char* branch : {"body.head", "body.torso"}) {
        EXPECT_EQ(compare(before, after, outputs_of(model_, branch, ".box")).first_difference, "") << branch;
        EXPECT_NE(compare(before, after, outputs_of(model_, branch, ".cls.")).first_difference, "") << branch;
    }
}

TEST_P(IdleOutputs, OfOneClassOfATaskKeepEveryBit) {
    learn({0, 1, 2, 3});
    const StateSnapshot before = snapshot();
    for (int i = 0; i < 3; ++i) learn({0, 2});
    const StateSnapshot after = snapshot();
    const Branch& torso = model_.branch("body.torso");
    EXPECT_EQ(compare(before, after, columns_of_classes(model_, torso, {0})).first_difference, "");
    EXPECT_NE(compare(before, after, columns_of_classes(model_, torso, {1})).first_difference, "");
}

TEST_P(IdleOutputs, LeaveTheTowerOneStepABatch) {
    // Its statistics move once for both tasks: as in a step of one of them on the same pictures.
    MultiTaskModel other(with_batch_norms());
    other.module().load_host(model_.module().to_host());
    TrainStep alone(other, options_);
    const at::Tensor images = torch::randn({2, 3, kSide, kSide});
    forward_.forward(images, std::vector<Labels>(2, labels_of(4, {0, 1, 2}, {})));
    alone.forward(images, std::vector<Labels>(2, labels_of(4, {0}, {})));
    int compared = 0;
    for (const auto& [name, statistic] : other.module().buffers()) {
        if (!name.starts_with("branches.body.tower.")) continue;
        EXPECT_TRUE(at::equal(statistic, model_.module().tensor(name))) << name;
        ++compared;
    }
    EXPECT_GT(compared, 0);
}

TEST_P(IdleOutputs, CountInTheNormOfTheGradientOnce) {
    MultiTaskModel other(with_batch_norms());
    other.module().load_host(model_.module().to_host());
    TrainOptions by_branch = options_;
    by_branch.clip = ClipScope::branch;
    TrainStep forward(other, by_branch);
    Optimizer optimizer(other.module(), by_branch);
    Ema ema(other.module(), 0.9);
    StepUpdate update(other, forward, optimizer, ema, by_branch);
    const at::Tensor images = torch::randn({2, 3, kSide, kSide});
    const std::vector<Labels> labels(2, labels_of(4, {0, 1, 2, 3}, {{{8, 8, 30, 34}, 0}, {{8, 8, 30, 34}, 2}}));
    const double expected = update_.run(images, labels, 0).gradient_norm;
    EXPECT_NEAR(update.run(images, labels, 0).gradient_norm, expected, 1e-5 * expected);
}

INSTANTIATE_TEST_SUITE_P(Optimizers, IdleOutputs, testing::Values(OptimizerKind::adamw, OptimizerKind::sgd),
                         [](const auto& kind) { return kind.param == OptimizerKind::adamw ? "AdamW" : "Sgd"; });

TEST(OutputsPerTaskTraining, PassesTheIsolationCheck) {
    const test::TinyData data;
    const RunConfig config = data.config(
        R"("steps": 40, )",
        {R"(/model/branches=[{"name": "colours", "tasks": ["red", "blue"], )"
         R"("anchors": {"levels": [3, 4], "scales": [2]}, "head": {"depth": 1, "width": 8, "boxes": "per_task"}}])"});
    ASSERT_EQ(config.loader.sampling.branches.size(), 2U);
    EXPECT_EQ(config.loader.sampling.branches[1].name, "colours.blue");
    const std::vector<IsolationFinding> findings = check_isolation(config, {2, {}});
    ASSERT_EQ(findings.size(), 2U);
    EXPECT_EQ(findings[0].branch, "colours.red");
    EXPECT_EQ(findings[1].branch, "colours.blue");
    for (const IsolationFinding& finding : findings) {
        EXPECT_EQ(finding.idle_steps, 2);
        EXPECT_EQ(finding.tensors, 36);
        EXPECT_EQ(finding.first_difference, "");
    }
}

} // namespace
} // namespace banyan
