// Statistics of the trunk by data set: what a step moves, what it leaves, and what is evaluated and saved.

#include "train/trunk_norm.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "model/saved_model.h"
#include "model/set_statistics.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"
#include "support/tensor_close.h"
#include "train/checkpoint.h"
#include "train/ema.h"
#include "train/optimizer.h"
#include "train/tiny_model.h"
#include "train/tiny_run.h"
#include "train/touched_tensors.h"
#include "train/train_step.h"
#include "train/trainer.h"

namespace banyan {
namespace {

using test::labels_of;
using Tensors = std::map<std::string, at::Tensor>;

constexpr int kFace = 0, kHand = 1;
const std::string kStem = "trunk.backbone.features.0.1.running_mean", kNeck = "trunk.neck.smooth.p3.bn.running_var";

TrainOptions by_dataset() {
    TrainOptions options = test::fp32_options();
    options.trunk_norm = TrunkNorm::dataset;
    return options;
}

/// Data sets with 3 and 1 of 4 rows.
const SamplingCounts kExpected{{{"faces", 0, 3}, {"hands", 0, 1}}, {}};

/// A model whose trunk keeps statistics by data set, and what trains it.
struct Training {
    Training() : model(test::tiny_options({"face", "hand"})), ema(prepared(model), 0.9), step(model, by_dataset()) {}

    static const GraphModule& prepared(MultiTaskModel& model) {
        prepare_trunk_norms(model, TrunkNorm::dataset, kExpected);
        return model.module();
    }
    StepLosses learn(const at::Tensor& images, const std::vector<Labels>& labels, const std::vector<int>& datasets) {
        StepLosses losses = step.forward(images, labels, {}, datasets);
        optimizer.zero_grad();
        losses.total.backward();
        optimizer.step(1.0);
        ema.update(model.module(), touched_tensors(model.module(), losses));
        return losses;
    }

    MultiTaskModel model;
    Ema ema;
    TrainStep step;
    Optimizer optimizer{model.module(), by_dataset()};
};

at::Tensor images_of(std::int64_t rows) { return torch::randn({rows, 3, 64, 64}); }

TEST(PrepareTrunkNorms, SeparatesBackboneAndNeckOnly) {
    MultiTaskModel model(test::tiny_options({"face"}));
    const std::size_t before = model.module().buffers().size();
    prepare_trunk_norms(model, TrunkNorm::batch, kExpected);
    prepare_trunk_norms(model, TrunkNorm::frozen, kExpected);
    EXPECT_EQ(model.module().buffers().size(), before);
    prepare_trunk_norms(model, TrunkNorm::dataset, kExpected);
    for (const auto& [name, parameter] : model.module().graph().parameters) {
        const bool statistic =
            parameter.role == ParameterRole::running_mean || parameter.role == ParameterRole::running_var;
        if (!statistic) continue;
        EXPECT_EQ(model.module().buffers().count(name + "@1"), name.starts_with("trunk.") ? 1U : 0U) << name;
    }
}

TEST(TrunkNormByDataSet, AnAbsentDataSetKeepsStatisticsAndTheirAverageToTheBit) {
    torch::manual_seed(1);
    Training training;
    training.learn(
        images_of(4),
        {labels_of(2, {kFace}, {}), labels_of(2, {kFace}, {}), labels_of(2, {kHand}, {}), labels_of(2, {kHand}, {})},
        {0, 0, 1, 1});
    const Tensors before = test::copies_of(training.model.module());
    Tensors averages;
    for (const auto& [name, tensor] : training.ema.state()) averages[name] = tensor.clone();
    const StepLosses losses = training.learn(images_of(2), std::vector<Labels>(2, labels_of(2, {kFace}, {})), {0, 0});
    const std::vector<std::string> touched = touched_tensors(training.model.module(), losses);
    std::size_t kept = 0, moved = 0;
    for (const auto& [name, buffer] : training.model.module().buffers()) {
        if (!name.starts_with("trunk.")) continue;
        const bool own = set_of_statistic(name) == 0U; // neither the other data set nor the mixture
        EXPECT_EQ(at::equal(buffer, before.at(name)), !own) << name;
        EXPECT_EQ(std::count(touched.begin(), touched.end(), name), own ? 1 : 0) << name;
        for (const std::string& entry : {"average." + name, "count." + name}) {
            EXPECT_EQ(at::equal(training.ema.state().at(entry), averages.at(entry)), !own) << entry;
        }
        ++(own ? moved : kept);
    }
    EXPECT_GT(moved, 20U);
    EXPECT_EQ(kept, 2 * moved);
}

TEST(TrunkNormByDataSet, RowsWithoutALabelEnterNoStatistics) {
    torch::manual_seed(2);
    const at::Tensor images = images_of(4);
    const Labels none = labels_of(2, {}, {}), face = labels_of(2, {kFace}, {}), hand = labels_of(2, {kHand}, {});
    Training with, without;
    with.learn(images, {face, none, hand, face}, {0, 0, 0, 1});
    without.learn(images.index({torch::tensor({0, 2, 3})}), {face, hand, face}, {0, 0, 1});
    for (const auto& [name, tensor] : test::copies_of(with.model.module())) {
        EXPECT_TRUE(at::equal(tensor, without.model.module().tensor(name))) << name;
    }
}

TEST(TrunkNormByDataSet, TheAverageIsEvaluatedWithTheMixture) {
    torch::manual_seed(3);
    Training training;
    for (int i = 0; i < 3; ++i) {
        training.learn(images_of(3), std::vector<Labels>(3, labels_of(2, {kFace, kHand}, {})), {0, 0, 1});
    }
    MultiTaskModel average(test::tiny_options({"face", "hand"}));
    prepare_trunk_norms(average, TrunkNorm::dataset, kExpected);
    training.ema.copy_to(average.module());
    const Tensors averages = training.ema.state();
    const auto of = [&](const std::string& name) { return averages.at("average." + name).to(at::kDouble); };
    const at::Tensor mean = 0.75 * of(kStem + "@0") + 0.25 * of(kStem + "@1");
    expect_close(average.module().tensor(kStem), mean, {1e-6, 1e-6});
    const std::string neck_mean = "trunk.neck.smooth.p3.bn.running_mean";
    const at::Tensor apart = of(neck_mean + "@0") - of(neck_mean + "@1");
    const at::Tensor variance = 0.75 * of(kNeck + "@0") + 0.25 * of(kNeck + "@1") + 0.75 * 0.25 * apart * apart;
    expect_close(average.module().tensor(kNeck), variance, {1e-6, 1e-6});

    const TempDir dir;
    save_model(dir.file("m.banyan.safetensors"), average);
    const MultiTaskModel saved = load_model(dir.file("m.banyan.safetensors"));
    EXPECT_EQ(saved.module().to_host(), average.module().to_host());
    EXPECT_EQ(saved.module().buffers().count(kStem + "@0"), 0U); // a plain graph
}

TEST(TrunkNormByDataSet, ACheckpointHoldsTheStatisticsOfEachDataSet) {
    torch::manual_seed(4);
    const TempDir dir;
    const RunIdentity identity{"hash", {}, "1 thread"};
    Training first, second;
    for (int i = 0; i < 2; ++i) {
        first.learn(images_of(3), std::vector<Labels>(3, labels_of(2, {kFace, kHand}, {})), {0, 0, 1});
    }
    save_checkpoint(dir.file("state"), TrainState{first.model, first.optimizer, first.ema}, identity);
    TrainState state{second.model, second.optimizer, second.ema};
    load_checkpoint(dir.file("state"), state, identity);
    for (const auto& [name, tensor] : test::copies_of(first.model.module())) {
        EXPECT_TRUE(at::equal(tensor, second.model.module().tensor(name))) << name;
    }
    EXPECT_FALSE(at::equal(second.model.module().tensor(kStem + "@0"), second.model.module().tensor(kStem + "@1")));
}

TEST(TrunkNormByDataSet, NeedsTheDataSetOfEachRow) {
    Training training;
    expect_error<CheckError>(
        [&] { training.step.forward(images_of(2), std::vector<Labels>(2, labels_of(2, {kFace}, {}))); },
        {"0 data sets of 2 rows", "trunk_norm"});
}

TEST(TrunkNormByDataSet, TrainsAndSavesAPlainModel) {
    const test::TinyData data;
    const TempDir dir;
    const std::string folder = dir.file("run");
    train(data.config(R"("steps": 3, )", {"/train/trunk_norm=dataset"}), folder, false);
    const MultiTaskModel model = load_model(folder + "/weights/last.banyan.safetensors");
    EXPECT_FALSE(model.module().tensor(kStem).eq(0).any().item<bool>());
    const std::string metrics = read_file(folder + "/metrics.jsonl"); // 4 rows a batch from two sets of one ratio
    const std::string sampling = R"("sampling":{"datasets":{"reds":{"rows":2,"expected":2.0},"blues":{"rows":2,)"
                                 R"("expected":2.0}},"branches":{"red":{"rows":2,"expected":2.0},"blue":{"rows":2,)"
                                 R"("expected":2.0}}})";
    EXPECT_THAT(metrics, testing::HasSubstr(sampling));
    EXPECT_THAT(read_file(folder + "/run.log"),
                testing::HasSubstr("rows of 3 batches (expected): data sets: reds 6 (6.0), blues 6 (6.0)"));
}

} // namespace
} // namespace banyan
