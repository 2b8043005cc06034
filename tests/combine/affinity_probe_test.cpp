#include "combine/affinity_probe.h"

#include <cmath>
#include <map>

#include <gtest/gtest.h>
#include <torch/optim.h>

#include "core/error.h"
#include "drawn_tasks.h"
#include "model/libtorch.h"
#include "support/expect_error.h"
#include "train/train_step.h"

namespace banyan::test {
namespace {

constexpr std::size_t kRedTask = 0, kCrimsonTask = 1, kBlueTask = 2;

std::map<std::string, at::Tensor> copies_of(const GraphModule& module) {
    std::map<std::string, at::Tensor> copies;
    for (const auto* tensors : {&module.parameters(), &module.buffers()}) {
        for (const auto& [name, tensor] : *tensors) copies[name] = tensor.detach().clone();
    }
    return copies;
}

class Probe : public testing::Test {
protected:
    Probe()
        : config_(data_.config()), datasets_(load_datasets(config_.datasets, ClassTable(config_.model.tasks))),
          model_(config_.model, module_options(config_.train)) {
        at::set_num_threads(1);
    }

    /// Some plain steps on all tasks.
    void train(int steps) {
        TrainStep step(model_, config_.train);
        std::vector<at::Tensor> parameters;
        for (const auto& [name, tensor] : model_.module().parameters()) parameters.push_back(tensor);
        torch::optim::Adam adam(parameters, torch::optim::AdamOptions(3e-3));
        BatchLoader loader(datasets_, config_.loader, config_.transforms);
        for (int i = 0; i < steps; ++i) {
            adam.zero_grad();
            step.forward(loader.next()).total.backward();
            adam.step();
        }
        adam.zero_grad();
    }

    /// The two names of one thing get one head.
    void copy_red_head_to_crimson() {
        const std::string red = "branches.red.", crimson = "branches.crimson.";
        for (const auto& [name, values] : copies_of(model_.module())) {
            if (name.starts_with(red)) model_.module().assign(crimson + name.substr(red.size()), values);
        }
    }

    DrawnTasks data_;
    RunConfig config_;
    std::vector<Dataset> datasets_;
    MultiTaskModel model_;
};

TEST_F(Probe, LeavesTheNetworkAsItWasToTheBit) {
    const std::map<std::string, at::Tensor> before = copies_of(model_.module());
    AffinityProbe(config_, datasets_, {}).measure(model_, 0);
    for (const auto& [name, values] : before) {
        EXPECT_TRUE(at::equal(values, model_.module().tensor(name))) << name;
        EXPECT_FALSE(model_.module().tensor(name).grad().defined()) << name;
    }
}

TEST_F(Probe, IsAFunctionOfItsNumber) {
    AffinityProbe probe(config_, datasets_, {});
    const AffinityProbeResult first = probe.measure(model_, 0), second = probe.measure(model_, 1);
    const AffinityProbeResult again = AffinityProbe(config_, datasets_, {}).measure(model_, 1);
    EXPECT_EQ(again.look_ahead, second.look_ahead);
    EXPECT_EQ(again.cosine, second.cosine);
    EXPECT_NE(first.look_ahead, second.look_ahead);
}

TEST_F(Probe, EqualsGradientsAndFirstOrderStepsOfAPlainLoop) {
    train(10);
    ProbeOptions options;
    options.own_drop = 2e-4; // more leaves the straight line, less drowns in the rounding of float32, 5e-6
    const AffinityProbeResult result = AffinityProbe(config_, datasets_, options).measure(model_, 3);

    const auto gradient_of = [&](std::size_t task, std::int64_t batch, double* loss) {
        const StepLosses losses =
            TrainStep(model_, config_.train).forward(TaskBatches(config_, datasets_, task, options.rows).get(batch));
        *loss = losses.total.item<double>();
        losses.total.backward();
        std::vector<at::Tensor> pieces;
        for (const auto& [name, parameter] : model_.module().parameters()) {
            if (!name.starts_with("trunk.")) continue;
            pieces.push_back(parameter.grad().defined() ? parameter.grad().reshape({-1}).clone()
                                                        : at::zeros({parameter.numel()}));
            at::Tensor handle = parameter;
            handle.mutable_grad().reset();
        }
        return at::cat(pieces);
    };
    const auto cosine = [](const at::Tensor& a, const at::Tensor& b) {
        return at::dot(a, b).item<double>() / a.norm().item<double>() / b.norm().item<double>();
    };
    for (const std::size_t i : {kRedTask, kBlueTask}) {
        for (const std::size_t j : {kRedTask, kCrimsonTask, kBlueTask}) {
            double unused = 0, own_loss = 0, loss = 0;
            const at::Tensor a_i = gradient_of(i, 6, &own_loss), b_i = gradient_of(i, 7, &unused);
            const at::Tensor a_j = gradient_of(j, 6, &unused), b_j = gradient_of(j, 7, &loss);
            EXPECT_NEAR(result.cosine[i][j], (cosine(a_i, b_j) + cosine(b_i, a_j)) / 2, 1e-4) << i << " " << j;
            const double first_order = options.own_drop * own_loss * at::dot(a_i, b_j).item<double>() /
                                       at::dot(a_i, a_i).item<double>() / loss;
            EXPECT_NEAR(result.look_ahead[i][j], first_order, 0.25 * std::abs(first_order) + 1e-5) << i << " " << j;
            if (i == j) continue;
            const double ratio = (a_i.norm() + b_i.norm()).item<double>() / (a_j.norm() + b_j.norm()).item<double>();
            EXPECT_NEAR(result.log2_ratio[i][j], std::log2(ratio), 1e-4) << i << " " << j;
        }
    }
}

TEST_F(Probe, TellsTwoNamesOfOneThingFromAnUnrelatedOne) {
    train(40);
    copy_red_head_to_crimson();
    ProbeOptions options;
    options.rows = DrawnTasks::kPictures; // all of them, so that batches differ in nothing but their order
    AffinityProbe probe(config_, datasets_, options);
    std::vector<AffinityProbeResult> probes;
    for (int p = 0; p < 3; ++p) probes.push_back(probe.measure(model_, p));
    const std::vector<AffinityMatrix> means = mean_affinities(probes, 3);
    const auto& look = means[0].values;
    const auto& cosine = means[1].values;
    EXPECT_GT(cosine[kRedTask][kCrimsonTask].mean, 0.95);
    EXPECT_GT(cosine[kRedTask][kCrimsonTask].mean, cosine[kRedTask][kBlueTask].mean + 0.5);
    EXPECT_GT(look[kRedTask][kCrimsonTask].mean, 0);
    EXPECT_GT(look[kCrimsonTask][kRedTask].mean, 0);
    EXPECT_GT(look[kRedTask][kCrimsonTask].mean, look[kBlueTask][kCrimsonTask].mean);
    EXPECT_NEAR(means[2].values[kRedTask][kCrimsonTask].mean, 0, 0.1);
}

TEST_F(Probe, RefusesWhatCannotBeCompared) {
    RunConfig merged = run_config_from_text(
        data_.config_text(DrawnTasks::branch("reds", "red+crimson") + ", " + DrawnTasks::branch("blue", "blue")),
        data_.file("config.json"));
    expect_error<UsageError>([&] { AffinityProbe(merged, datasets_, {}); }, {"branch reds", "measure the unmerged"});
    expect_error<UsageError>([&] { check_can_be_probed(restrict_to_tasks(config_, {"blue"}).model); },
                             {"only \"blue\"", "two tasks"});
    expect_error<DataError>([&] { AffinityProbe(config_, {datasets_[0], datasets_[1]}, {}); }, {"task blue"});
}

TEST(TaskBatches, HoldRowsOfTheTaskAndTellOfNoOther) {
    const DrawnTasks data;
    const RunConfig config = data.config();
    const std::vector<Dataset> datasets = load_datasets(config.datasets, ClassTable(config.model.tasks));
    TaskBatches batches(config, datasets, kBlueTask, 5);
    for (const std::int64_t index : {0, 1, 7}) {
        const Batch batch = batches.get(index);
        ASSERT_EQ(batch.count, 5);
        for (std::size_t row = 0; row < 5; ++row) {
            EXPECT_EQ(batch.dataset[row], 2);
            const std::vector<LabelState> expected{LabelState::unknown, LabelState::unknown, LabelState::exhaustive};
            EXPECT_EQ(batch.labels[row].states, expected);
        }
    }
    EXPECT_EQ(batches.get(7).pixels, TaskBatches(config, datasets, kBlueTask, 5).get(7).pixels);
}

TEST(MeanAffinities, LeaveOutWhatWasNotMeasured) {
    const double none = std::nan("");
    const auto probe = [&](double value) {
        return AffinityProbeResult{1, {{value, none}, {none, none}}, {{1, 1}, {1, 1}}, {{none, 2}, {-2, none}}};
    };
    const std::vector<AffinityMatrix> means = mean_affinities({probe(1), probe(none), probe(4)}, 2);
    EXPECT_EQ(means[0].values[0][0].mean, 2.5);
    EXPECT_EQ(means[0].values[0][0].error, 1.5);
    EXPECT_EQ(means[0].values[0][0].count, 2);
    EXPECT_EQ(means[0].values[0][1].count, 0);
    EXPECT_TRUE(std::isnan(means[0].values[0][1].mean));
    EXPECT_EQ(means[2].values[1][0].mean, -2);
}

TEST(LoadProbes, ReadsWholeLinesAndRefusesThoseOfOtherTasks) {
    const TempDir folder;
    const double none = std::nan("");
    const AffinityProbeResult probe{40, {{0.1, none}, {1.0 / 3, 0}}, {{1, 0.5}, {0.5, 1}}, {{none, 2}, {-2, none}}};
    const std::string line = probe_json({"red", "blue"}, probe) + "\n";
    const std::string path = folder.write("affinity.jsonl", line + line + line.substr(0, 30));
    const std::vector<AffinityProbeResult> read = load_probes(path, {"red", "blue"});
    ASSERT_EQ(read.size(), 2U);
    EXPECT_EQ(read[1].step, 40);
    EXPECT_EQ(read[1].look_ahead[1][0], 1.0 / 3);
    EXPECT_TRUE(std::isnan(read[1].look_ahead[0][1]));
    EXPECT_EQ(read[1].log2_ratio[1][0], -2);
    expect_error<DataError>([&] { load_probes(path, {"blue", "red"}); }, {"affinity.jsonl:1", "tasks"});
    folder.write("affinity.jsonl", line + "{}\n");
    expect_error<DataError>([&] { load_probes(path, {"red", "blue"}); }, {"affinity.jsonl:2"});
    EXPECT_TRUE(load_probes(folder.file("none.jsonl"), {"red"}).empty());
}

} // namespace
} // namespace banyan::test
