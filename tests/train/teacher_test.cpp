// What a teacher says, what is learned of it, and what is not.

#include "model/libtorch.h"
#include "train/teacher.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/error.h"
#include "model/saved_model.h"
#include "support/expect_error.h"
#include "support/gradient_check.h"
#include "support/temp_dir.h"
#include "support/tensor_close.h"
#include "train/distillation_losses.h"
#include "train/losses.h"
#include "train/step_update.h"
#include "train/teacher_file.h"
#include "train/teacher_loss.h"
#include "train/tiny_model.h"
#include "train/train_step.h"

namespace banyan {
namespace {

using test::labels_of;
using test::teaching::frozen_trunk;
using test::teaching::images;
using test::teaching::kTasks;
using test::teaching::merged;
using test::teaching::one;
using test::teaching::separate;
using test::teaching::teacher_options;
using test::teaching::TeacherFile;

constexpr int kFace = 0, kHand = 1;

std::vector<LabelledBox> face_box() { return {{{8, 8, 30, 34}, kFace}}; }

at::Tensor gradient_of(const MultiTaskModel& model, const std::string& name) {
    return model.module().tensor(name).grad();
}

TEST(TeacherSteps, ATeacherEqualToTheNetworkTeachesNothing) {
    const TeacherFile file(separate());
    MultiTaskModel model = load_model(file.path(), test::double_module());
    Teachers teachers = one(teacher_options(file), model, {.frozen_trunk = true});
    TrainStep step(model, frozen_trunk(), &teachers);
    const StepLosses losses = step.forward(images(), std::vector<Labels>(3, labels_of(2, {}, {})));
    ASSERT_EQ(losses.present, (std::vector<std::string>{"face", "hand"})); // nobody labelled anything
    EXPECT_NEAR(losses.total.item<double>(), 0, 1e-9);
    EXPECT_NEAR(losses.branches.at("face").teacher_loss.value(), 0, 1e-9);
    losses.total.backward();
    for (const auto& [name, gradient] : test::take_gradients(model.module())) {
        EXPECT_EQ(gradient.defined(), name.starts_with("branches.")) << name;
        if (!gradient.defined()) continue;
        EXPECT_LT(gradient.abs().max().item<double>(), 1e-7) << name;
    }
}

TEST(TeacherSteps, ABranchComesToSayWhatItsTeacherSays) {
    const TeacherFile file(separate());
    MultiTaskModel model(merged(), test::double_module());
    const TrainOptions options = frozen_trunk();
    Teachers teachers = one(teacher_options(file), model, {.frozen_trunk = true});
    TrainStep step(model, options, &teachers);
    Optimizer optimizer(model.module(), options);
    Ema ema(model.module(), 0.9);
    StepUpdate update(model, step, optimizer, ema, options);
    std::vector<double> losses;
    for (std::int64_t i = 0; i < 30; ++i) {
        losses.push_back(update.run(images(), std::vector<Labels>(3, labels_of(2, {}, {})), i).loss);
    }
    EXPECT_LT(losses.back(), 0.75 * losses.front());
}

TEST(TeacherSteps, SharingAFrozenTrunkChangesNoLoss) {
    const TeacherFile file(separate());
    MultiTaskModel model(merged(), test::double_module());
    {
        MultiTaskModel other = load_model(file.path(), test::double_module());
        for (const auto& [name, values] : test::copies_of(other.module(), "trunk."))
            model.module().assign(name, values);
    }
    const std::vector<Labels> labels(3, labels_of(2, {kFace}, face_box()));
    std::vector<double> totals;
    for (const bool frozen : {true, false}) {
        Teachers teachers = one(teacher_options(file), model, {.frozen_trunk = frozen});
        EXPECT_EQ(teachers.front().trunk_values().empty(), !frozen);
        TrainStep step(model, frozen_trunk(), &teachers);
        totals.push_back(step.forward(images(), labels).total.item<double>());
    }
    EXPECT_NEAR(totals[0], totals[1], 1e-9);
    const std::string first = test::copies_of(model.module(), "trunk.").begin()->first;
    model.module().assign(first, model.module().tensor(first) + 1e-3);
    EXPECT_TRUE(one(teacher_options(file), model, {.frozen_trunk = true}).front().trunk_values().empty());
}

TEST(TeacherSteps, RowsThatOnlyTheTeacherKnowsEnterTheBranch) {
    const TeacherFile file(separate());
    MultiTaskModel model(separate(), test::double_module());
    TeacherOptions of_open = teacher_options(file);
    of_open.refine_weight = 0;
    Teachers teachers = one(of_open, model, {});
    TrainOptions options = frozen_trunk();
    const std::vector<Labels> labels{labels_of(2, {kFace, kHand}, face_box()), labels_of(2, {kFace}, face_box())};
    const StepLosses alone = TrainStep(model, options).forward(images(2), labels);
    EXPECT_EQ(alone.branches.at("hand").rows, 1);
    EXPECT_FALSE(alone.branches.at("hand").teacher_loss.has_value());
    const StepLosses taught = TrainStep(model, options, &teachers).forward(images(2), labels);
    EXPECT_EQ(taught.branches.at("hand").rows, 2);
    EXPECT_GT(taught.branches.at("hand").teacher_loss.value(), 0);
    EXPECT_EQ(taught.branches.at("face").teacher_loss.value(), 0); // ground truth rules
    for (const char* branch : {"face", "hand"}) {                  // what is judged is judged as before
        EXPECT_NEAR(taught.branches.at(branch).class_loss, alone.branches.at(branch).class_loss, 1e-9);
        EXPECT_NEAR(taught.branches.at(branch).box_loss, alone.branches.at(branch).box_loss, 1e-9);
    }
}

TEST(TeacherSteps, ATeacherOfSomeTasksLeavesOthersIdle) {
    const TeacherFile file(test::tiny_options({"hand"}));
    MultiTaskModel model(test::tiny_options(kTasks), test::double_module());
    TeacherOptions options = teacher_options(file);
    options.tasks = {"hand"};
    Teachers teachers = one(options, model, {});
    TrainStep step(model, frozen_trunk(), &teachers);
    const StepLosses losses = step.forward(images(2), std::vector<Labels>(2, labels_of(2, {}, {})));
    EXPECT_EQ(losses.present, std::vector<std::string>{"hand"});
    losses.total.backward();
    EXPECT_FALSE(gradient_of(model, "branches.face.cls.weight").defined());
    EXPECT_TRUE(gradient_of(model, "branches.hand.cls.weight").defined());
}

TEST(TeacherSteps, ATeacherOfSomeTasksRefinesThoseAlone) {
    const TeacherFile file(separate({"hand"}));
    MultiTaskModel model(separate(), test::double_module());
    TeacherOptions options = teacher_options(file);
    options.tasks = {"hand"};
    options.refine_weight = 0.5;
    Teachers teachers = one(options, model, {});
    TrainStep step(model, frozen_trunk(), &teachers);
    const StepLosses losses = step.forward(images(1), {labels_of(2, {kFace, kHand}, face_box())});
    EXPECT_EQ(losses.branches.at("face").teacher_loss.value(), 0);
    EXPECT_GT(losses.branches.at("hand").teacher_loss.value(), 0);
}

TEST(TeacherSteps, ATeacherWithBoxBinsMayFindNothing) {
    ModelOptions network = separate({"face"});
    network.branches[0].anchors.kind = AnchorKind::points;
    network.branches[0].head.box_bins = 16;
    GraphModuleOptions other_start = test::double_module();
    other_start.seed = 4;
    const TempDir folder;
    TeacherOptions options;
    options.model = folder.file("unsure.banyan.safetensors");
    save_model(options.model, MultiTaskModel(network, other_start)); // all its scores are about the prior
    options.minimum_score = 0.9;
    MultiTaskModel model(network, test::double_module());
    Teachers teachers = one(options, model, {});
    TrainStep step(model, frozen_trunk(), &teachers);
    const StepLosses losses = step.forward(images(1), {labels_of(1, {}, {})});
    EXPECT_GT(losses.branches.at("face").teacher_loss.value(), 0);
    losses.total.backward();
    EXPECT_TRUE(gradient_of(model, "branches.face.cls.weight").defined());
    EXPECT_FALSE(gradient_of(model, "branches.face.box.weight").defined());
}

TEST(TeacherSteps, ATaughtClassIsNoIdleColumn) {
    const TeacherFile file(separate());
    MultiTaskModel model(merged(), test::double_module());
    Teachers teachers = one(teacher_options(file), model, {});
    TrainStep step(model, frozen_trunk(), &teachers);
    EXPECT_EQ(step.forward(images(1), {labels_of(2, {kFace}, {})}).active.at("both"), (std::vector<bool>{true, true}));
    Labels ignored = labels_of(2, {kFace}, {});
    ignored.ignore.push_back({Box{0, 0, 64, 64}, kHand});
    EXPECT_EQ(step.forward(images(1), {ignored}).active.at("both"), (std::vector<bool>{true, false}));
}

TEST(TeacherSteps, OutputsThatAreNotFiniteNameTheTeacher) {
    const TempDir dir;
    const std::string path = dir.file("bad.banyan.safetensors");
    MultiTaskModel model(separate(), test::double_module());
    {
        MultiTaskModel bad(separate(), test::double_module());
        const torch::NoGradGuard no_grad;
        at::Tensor bias = bad.module().tensor("branches.hand.box.bias");
        bias.fill_(std::nan(""));
        save_model(path, bad);
    }
    TeacherOptions options;
    options.model = path;
    Teachers teachers = one(options, model, {});
    TrainStep step(model, frozen_trunk(), &teachers);
    expect_error<NumericError>([&] { step.forward(images(1), {labels_of(2, {}, {})}); }, {path, "branch hand"});
}

/// One branch of two classes on two rows with all that a teacher may say.
class TeacherLosses : public testing::Test {
protected:
    TeacherLosses() {
        torch::manual_seed(6);
        branch_.name = "b";
        branch_.options.anchors.levels = {3};
        branch_.options.anchors.scales = {2};
        branch_.options.loss.weight = 0.7;
        branch_.classes = {0, 1};
        anchors_ = make_anchors(branch_.options.anchors, 16, 16); // R = 4
        logits_ = torch::randn({2, 4, 2}, at::kDouble);
        codes_ = torch::randn({2, 4, 4}, at::kDouble) * 0.2;
        said_.rows = at::tensor({0, 1}, at::kLong);
        said_.known = at::ones({4, 2});
        said_.open = at::randint(0, 2, {2, 4, 2}).to(at::kFloat);
        said_.open[0][2][0] = 1;
        said_.logits = torch::randn({2, 4, 2}, at::kDouble) * 2;
        said_.logits[0][2][0] = 2;
        said_.picks = said_.logits.sigmoid().ge(options_.minimum_score).nonzero().t();
        const std::int64_t picks = said_.picks.size(1);
        const at::Tensor corner = torch::rand({picks, 2}, at::kDouble) * 8;
        said_.boxes = at::cat({corner, corner + 4 + torch::rand({picks, 2}, at::kDouble) * 4}, 1);
        at::Tensor boxes = at::empty({4, 4}, at::kDouble);
        for (std::int64_t r = 0; r < 4; ++r) {
            const Box& box = anchors_.boxes[static_cast<std::size_t>(r)];
            boxes[r] = at::tensor({box.x0, box.y0, box.x1, box.y1}, at::kDouble);
        }
        said_.anchors = boxes.index({said_.picks[1]});
        said_.strides = at::full({picks}, 8, at::kDouble);
        truth_.rows = at::tensor({1}, at::kLong);
        truth_.valid = at::randint(0, 2, {1, 4, 2}).to(at::kFloat);
        truth_.valid[0][1][0] = 1;
        truth_.positive = at::tensor({0, 1, 0}, at::kLong).view({3, 1});
    }

    TeacherLoss loss() const { return loss(logits_, codes_); }
    TeacherLoss loss(const at::Tensor& logits, const at::Tensor& codes) const {
        return teacher_loss(branch_, {logits, codes}, said_, truth_, options_);
    }
    double score(std::int64_t n, std::int64_t r, std::int64_t k) const {
        return said_.logits.sigmoid()[n][r][k].item<double>();
    }
    bool is_valid(std::int64_t n, std::int64_t r, std::int64_t k) const {
        return n == 1 && truth_.valid[0][r][k].item<float>() != 0;
    }
    bool is_open(std::int64_t n, std::int64_t r, std::int64_t k) const {
        return said_.open[n][r][k].item<float>() != 0;
    }
    double weight(std::int64_t n, std::int64_t r, std::int64_t k) const {
        return is_valid(n, r, k) ? options_.refine_weight : is_open(n, r, k) ? 1 : 0;
    }
    double box_weight(std::int64_t n, std::int64_t r, std::int64_t k) const {
        const bool has_truth = n == 1 && r == 1;
        if (has_truth) return k == 0 ? options_.refine_weight : 0;
        return is_open(n, r, k) && !is_valid(n, r, k) ? 1 : 0;
    }

    Branch branch_;
    AnchorSet anchors_;
    at::Tensor logits_, codes_;
    TeacherTargets said_;
    BranchTargets truth_;
    TeacherOptions options_;
};

TEST_F(TeacherLosses, EqualALoopOverTermsAndBoxes) {
    for (const double refine : {0.0, 0.6}) {
        options_.refine_weight = refine;
        options_.temperature = 1.5;
        double classes = 0, found = 0, boxes = 0, box_sum = 0;
        for (std::int64_t n = 0; n < 2; ++n) {
            for (std::int64_t r = 0; r < 4; ++r) {
                for (std::int64_t k = 0; k < 2; ++k) {
                    const at::Tensor w = at::full({1}, weight(n, r, k), at::kDouble);
                    classes += response_loss(logits_[n][r][k].view({1}), said_.logits[n][r][k].view({1}), w,
                                             options_.temperature, options_.focus)
                                   .item<double>();
                    if (score(n, r, k) >= options_.minimum_score) found += weight(n, r, k) * score(n, r, k);
                }
            }
        }
        for (std::int64_t q = 0; q < said_.picks.size(1); ++q) {
            const auto n = said_.picks[0][q].item<std::int64_t>(), r = said_.picks[1][q].item<std::int64_t>(),
                       k = said_.picks[2][q].item<std::int64_t>();
            const double w = box_weight(n, r, k) * score(n, r, k);
            const at::Tensor box = decode_boxes(AnchorKind::boxes, said_.anchors[q].view({1, 4}),
                                                said_.strides[q].view({1}), codes_[n][r].view({1, 4}));
            boxes += w * giou_loss(box, said_.boxes[q].view({1, 4})).item<double>();
            box_sum += w;
        }
        ASSERT_GT(box_sum, 0);
        const TeacherLoss got = loss();
        EXPECT_NEAR(got.classes.item<double>(), classes / std::max(1.0, found), 1e-6);
        EXPECT_NEAR(got.boxes.item<double>(), boxes / box_sum, 1e-6);
        EXPECT_NEAR(got.total.item<double>(), 0.7 * (got.classes + 2 * got.boxes).item<double>(), 1e-9);
    }
}

TEST_F(TeacherLosses, GradientIsThatOfItsValues) {
    options_.focus = 0; // its weights are constants for the gradient
    test::expect_gradient([&](const at::Tensor& x) { return loss(x, codes_).total; }, logits_);
    test::expect_gradient([&](const at::Tensor& x) { return loss(logits_, x).total; }, codes_);
}

TEST_F(TeacherLosses, WhatTruthRulesHasNoGradientUnlessItIsRefined) {
    options_.refine_weight = 0;
    const at::Tensor logits = logits_.clone().requires_grad_(true);
    loss(logits, codes_).total.backward();
    for (std::int64_t n = 0; n < 2; ++n) {
        for (std::int64_t r = 0; r < 4; ++r) {
            for (std::int64_t k = 0; k < 2; ++k) {
                const bool is_taught = is_open(n, r, k) && !is_valid(n, r, k);
                EXPECT_EQ(logits.grad()[n][r][k].item<double>() != 0, is_taught) << n << " " << r << " " << k;
            }
        }
    }
}

TEST_F(TeacherLosses, WithoutABoxOnlyClassesLearn) {
    said_.picks = at::empty({3, 0}, at::kLong);
    said_.boxes = said_.anchors = at::empty({0, 4}, at::kDouble);
    said_.strides = at::empty({0}, at::kDouble);
    const at::Tensor codes = codes_.clone().requires_grad_(true), logits = logits_.clone().requires_grad_(true);
    const TeacherLoss got = loss(logits, codes);
    EXPECT_EQ(got.boxes.item<double>(), 0);
    got.total.backward();
    EXPECT_FALSE(codes.grad().defined());
    EXPECT_TRUE(logits.grad().defined());
}

TEST_F(TeacherLosses, DistributionsOfSidesAreTaughtToo) {
    branch_.options.anchors.kind = AnchorKind::points;
    branch_.options.head.box_bins = 5;
    branch_.options.loss.bin_weight = 0.5;
    const at::Tensor codes = torch::randn({2, 4, 20}, at::kDouble);
    const double plain = loss(logits_, codes).boxes.item<double>();
    said_.bins = torch::randn({said_.picks.size(1), 4, 5}, at::kDouble);
    EXPECT_GT(loss(logits_, codes).boxes.item<double>(), plain);
    test::expect_gradient([&](const at::Tensor& x) { return loss(logits_, x).total; }, codes);
}

} // namespace
} // namespace banyan
