// Hints of a teacher's trunk to the network's, and several teachers at once.

#include "model/libtorch.h"
#include "train/hints.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/error.h"
#include "model/saved_model.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"
#include "support/tensor_close.h"
#include "train/hint_losses.h"
#include "train/step_update.h"
#include "train/teacher.h"
#include "train/tiny_model.h"

namespace banyan {
namespace {

using test::labels_of;

constexpr int kFace = 0;
const std::vector<std::string> kTasks{"face", "hand"};
const std::string kLevel = "trunk.neck.smooth.p3.act";

/// A teacher with a wider neck.
ModelOptions wide(const std::vector<std::string>& tasks = kTasks) {
    ModelOptions options = test::tiny_options(tasks);
    options.neck.channels = 24;
    return options;
}

TrainOptions plain_options() {
    TrainOptions options = test::fp32_options();
    options.trunk_norm = TrunkNorm::batch;
    options.warmup_steps = 0;
    options.clip_norm = 0;
    options.lr = 0.01;
    return options;
}

class Hints : public testing::Test {
protected:
    Hints() : model_(test::tiny_options(kTasks), test::double_module()) {
        GraphModuleOptions other_start = test::double_module();
        other_start.seed = 9;
        save_model(path(), MultiTaskModel(wide(), other_start));
        labels_.assign(2, labels_of(2, {kFace}, {{{8, 8, 30, 34}, kFace}}));
        torch::manual_seed(8);
        images_ = torch::randn({2, 3, 64, 64}, at::kDouble);
    }

    std::string path() const { return dir_.file("wide.banyan.safetensors"); }
    /// A teacher that gives hints and says nothing else.
    TeacherOptions hinting(HintOptions hint = {kLevel, kLevel}) const {
        TeacherOptions options;
        options.model = path();
        options.weight = 0;
        options.hints = {std::move(hint)};
        return options;
    }
    Teachers call(const std::vector<TeacherOptions>& all) {
        Teachers teachers;
        for (const TeacherOptions& options : all) {
            TeacherSetting setting;
            setting.name = std::to_string(teachers.size());
            teachers.emplace_back(options, model_, setting);
        }
        return teachers;
    }
    at::Tensor trunk_value(MultiTaskModel& model, const std::string& name, bool training) const {
        RunRequest request;
        request.given[model.module().graph().input] = images_;
        const ValueId id = model.module().graph().find_value(name).value();
        request.targets = {id};
        request.training = training;
        return model.module().run(request).at(id);
    }

    TempDir dir_;
    MultiTaskModel model_;
    std::vector<Labels> labels_;
    at::Tensor images_;
};

TEST_F(Hints, AddAnAdaptorAndKeepTheNetwork) {
    const auto before = test::copies_of(model_.module());
    const Teachers teachers = call({hinting()});
    EXPECT_EQ(model_.module().tensor("hints.0.0.weight").sizes(), (std::vector<std::int64_t>{24, 16, 1, 1}));
    EXPECT_EQ(model_.module().tensor("hints.0.0.bias").sizes(), std::vector<std::int64_t>{24});
    const auto after = test::copies_of(model_.module());
    EXPECT_EQ(after.size(), before.size() + 2);
    for (const auto& [name, tensor] : before) EXPECT_TRUE(at::equal(tensor, after.at(name))) << name;
}

TEST_F(Hints, LossIsThatOfTheAdaptedValues) {
    Teachers teachers = call({hinting()});
    const StepLosses losses = TrainStep(model_, plain_options(), &teachers).forward(images_, labels_);
    MultiTaskModel teacher = load_model(path(), test::double_module());
    const at::Tensor adapted = trunk_value(model_, "hints.0.0", true);
    const at::Tensor theirs = trunk_value(teacher, kLevel, false);
    EXPECT_NEAR(losses.hints.item<double>(), pearson_hint(adapted, theirs).item<double>(), 1e-9);
    EXPECT_NEAR(losses.total.item<double>(), (losses.terms.at(0) + losses.hints).item<double>(), 1e-12);
    EXPECT_EQ(losses.present, std::vector<std::string>{"face"}); // weight 0: branches are told nothing
}

TEST_F(Hints, TeachTheTrunkAndNoBranch) {
    const StepLosses alone = TrainStep(model_, plain_options()).forward(images_, labels_);
    alone.total.backward();
    const auto without = test::take_gradients(model_.module());
    Teachers teachers = call({hinting()});
    TrainStep(model_, plain_options(), &teachers).forward(images_, labels_).total.backward();
    const auto with = test::take_gradients(model_.module());
    const std::string trunk = "trunk.neck.smooth.p3.conv.weight";
    EXPECT_GT((with.at(trunk) - without.at(trunk)).abs().max().item<double>(), 1e-6);
    EXPECT_GT(with.at("hints.0.0.weight").abs().max().item<double>(), 0);
    for (const auto& [name, gradient] : without) {
        if (!name.starts_with("branches.")) continue;
        ASSERT_EQ(gradient.defined(), with.at(name).defined()) << name;
        if (gradient.defined()) expect_close(with.at(name), gradient, {0, 1e-12});
    }
}

TEST_F(Hints, TheTrunkComesToSeeWhatItsTeacherSees) {
    Teachers teachers = call({hinting()});
    const TrainOptions options = plain_options();
    TrainStep step(model_, options, &teachers);
    Optimizer optimizer(model_.module(), options);
    Ema ema(model_.module(), 0.9);
    StepUpdate update(model_, step, optimizer, ema, options);
    std::vector<double> hints;
    for (std::int64_t i = 0; i < 15; ++i) hints.push_back(update.run(images_, labels_, i).hint_loss.value());
    EXPECT_LT(hints.back(), 0.6 * hints.front());
    MultiTaskModel saved(test::tiny_options(kTasks), test::double_module()); // has no adaptors
    ema.copy_to(saved.module());
    expect_close(saved.module().tensor("trunk.neck.smooth.p3.conv.weight"),
                 ema.state().at("average.trunk.neck.smooth.p3.conv.weight"));
}

/// Of one branch all balancings make the same step; so they do with hints beside it.
TEST_F(Hints, AreNotBalanced) {
    std::map<std::string, at::Tensor> expected;
    for (const BalanceMethod method : {BalanceMethod::fixed, BalanceMethod::pcgrad}) {
        MultiTaskModel fresh(test::tiny_options(kTasks), test::double_module());
        model_ = std::move(fresh);
        TrainOptions options = plain_options();
        options.balance.method = method;
        Teachers teachers = call({hinting()});
        TrainStep step(model_, options, &teachers);
        Optimizer optimizer(model_.module(), options);
        Ema ema(model_.module(), 0.9);
        StepUpdate(model_, step, optimizer, ema, options).run(images_, labels_, 0);
        const auto values = test::copies_of(model_.module());
        if (expected.empty()) expected = values;
        for (const auto& [name, tensor] : values) expect_close(tensor, expected.at(name), {0, 1e-7});
    }
}

TEST_F(Hints, WithoutAnAdaptorNeedEqualChannels) {
    expect_error<ConfigError>(
        [&] {
            call({hinting({kLevel, kLevel, HintKind::l2, 1, 1, false})});
        },
        {path(), "hint 0", "16", "24", "adaptor"});
    save_model(path(), MultiTaskModel(test::tiny_options(kTasks), test::double_module()));
    const HintOptions direct{kLevel, kLevel, HintKind::l2, 1, 1, false};
    Teachers teachers = call({hinting(direct)});
    EXPECT_FALSE(model_.module().graph().find_value("hints.0.0").has_value());
    const StepLosses losses = TrainStep(model_, plain_options(), &teachers).forward(images_, labels_);
    MultiTaskModel teacher = load_model(path(), test::double_module());
    const at::Tensor expected =
        hint_loss(direct, trunk_value(model_, kLevel, true), trunk_value(teacher, kLevel, false));
    EXPECT_NEAR(losses.hints.item<double>(), expected.item<double>(), 1e-9);
}

TEST_F(Hints, RefuseValuesThatDoNotFit) {
    expect_error<ConfigError>(
        [&] {
            call({hinting({"trunk.neck.smoth.p3.act", kLevel})});
        },
        {"no such value", "trunk.neck.smoth.p3.act", "did you mean \"" + kLevel + "\""});
    expect_error<ConfigError>([&] { call({hinting({kLevel, "trunk.nose"})}); }, {"of the teacher", "trunk.nose"});
    expect_error<ConfigError>(
        [&] {
            call({hinting({"branches.face.tower.0.conv.p3", kLevel})});
        },
        {"no such value in the trunk"});
    expect_error<ConfigError>(
        [&] {
            call({hinting({kLevel, "trunk.neck.smooth.p4.act"})});
        },
        {"another stride", "H 8", "H 4"});
}

TEST_F(Hints, ALossThatIsNotFiniteIsTold) {
    HintOptions hint{kLevel, kLevel};
    hint.weight = std::numeric_limits<double>::infinity();
    Teachers teachers = call({hinting(hint)});
    TrainStep step(model_, plain_options(), &teachers);
    expect_error<NumericError>(
        [&] {
            step.forward(images_, labels_, {"a.jpg", "b.jpg"});
        },
        {"hints of the teachers", "inf", "a.jpg, b.jpg"});
}

TEST_F(Hints, SeveralTeachersSayTheSumOfWhatEachSays) {
    const std::string other = dir_.file("other.banyan.safetensors");
    GraphModuleOptions other_start = test::double_module();
    other_start.seed = 12;
    save_model(other, MultiTaskModel(test::tiny_options(kTasks), other_start));
    TeacherOptions of_faces = hinting(), of_all;
    of_faces.weight = 0.5;
    of_faces.tasks = {"face"};
    of_all.model = other;
    labels_ = {labels_of(2, {kFace}, {{{8, 8, 30, 34}, kFace}}), labels_of(2, {}, {})};
    const auto losses_of = [&](const std::vector<TeacherOptions>& all) {
        MultiTaskModel fresh(test::tiny_options(kTasks), test::double_module());
        model_ = std::move(fresh);
        Teachers teachers = call(all);
        TrainOptions options = plain_options();
        options.trunk_norm = TrunkNorm::frozen; // batch statistics go by the rows that enter
        options.trunk_lr_scale = 0.5;
        return TrainStep(model_, options, &teachers).forward(images_, labels_);
    };
    const StepLosses both = losses_of({of_faces, of_all}), faces = losses_of({of_faces}), all = losses_of({of_all});
    const auto said = [](const StepLosses& losses, const char* branch) {
        return losses.branches.at(branch).teacher_loss.value();
    };
    EXPECT_EQ(both.present, kTasks);
    EXPECT_EQ(both.branches.at("face").rows, 2); // one labelled, one that only the teachers tell of
    EXPECT_EQ(faces.branches.count("hand"), 0U);
    EXPECT_GT(said(faces, "face"), 0);
    EXPECT_GT(said(all, "face"), 0);
    EXPECT_NEAR(said(both, "face"), said(faces, "face") + said(all, "face"), 1e-9);
    EXPECT_NEAR(said(both, "hand"), said(all, "hand"), 1e-9);
    EXPECT_NEAR(both.hints.item<double>(), faces.hints.item<double>(), 1e-9);
    EXPECT_NEAR(both.branches.at("face").class_loss, faces.branches.at("face").class_loss, 1e-9);
}

TEST_F(Hints, RefuseTeachersWhoseValuesAreNotFinite) {
    MultiTaskModel bad = load_model(path(), test::double_module());
    {
        const torch::NoGradGuard no_grad;
        at::Tensor weight = bad.module().tensor("trunk.neck.smooth.p3.conv.weight");
        weight.fill_(std::nan(""));
    }
    save_model(path(), bad);
    Teachers teachers = call({hinting()});
    TrainStep step(model_, plain_options(), &teachers);
    expect_error<NumericError>([&] { step.forward(images_, labels_); }, {path(), kLevel, "not finite"});
}

} // namespace
} // namespace banyan
