#include "combine/branch_cost.h"

#include <cmath>

#include <gtest/gtest.h>

#include "combine/regroup.h"
#include "core/error.h"
#include "drawn_tasks.h"
#include "support/expect_error.h"

namespace banyan::test {
namespace {

constexpr double kTrunkMs = 5;

/// A network of so many tasks of one class with a small branch each, "t0", "t1", …
ModelOptions network_of(std::size_t tasks) {
    ModelOptions options;
    options.input_side = 64;
    options.backbone.width = 0.35;
    options.backbone.last_level = 4;
    options.neck.channels = 16;
    options.neck.first_level = 3;
    options.neck.last_level = 4;
    for (std::size_t t = 0; t < tasks; ++t) {
        BranchOptions branch;
        branch.name = "t" + std::to_string(t);
        branch.tasks = {branch.name};
        branch.anchors.levels = {3, 4};
        branch.head.depth = 1;
        branch.head.width = 8;
        options.tasks.push_back({branch.name, {branch.name}});
        options.branches.push_back(branch);
    }
    return options;
}

/// As the network's first branch, for other tasks.
BranchOfGroup first_branch_of(const ModelOptions& whole) {
    return [&whole](const std::vector<std::string>& group) {
        BranchOptions branch = whole.branches.front();
        branch.tasks = group;
        branch.name = group.size() == 1 ? group.front() : branch_name_of(group);
        return branch;
    };
}

double branch_ms(const BranchOptions& branch) { return 2 + 0.5 * static_cast<double>(branch.tasks.size()); }

/// A machine on which networks cost their parts, each run the same.
std::vector<LatencySamples> ideal(const std::vector<ModelOptions>& networks) {
    std::vector<LatencySamples> samples;
    for (const ModelOptions& network : networks) {
        double ms = kTrunkMs;
        for (const BranchOptions& branch : network.branches) ms += branch_ms(branch);
        samples.push_back({std::vector<double>(40, ms)});
    }
    return samples;
}

TEST(MeasureCosts, FindsTrunkAndBranchesAsDifferences) {
    const ModelOptions whole = network_of(4);
    const auto measured = measure_costs(whole, first_branch_of(whole), ideal, {.target = "here"});
    ASSERT_TRUE(measured);
    EXPECT_NEAR(measured->costs.trunk_ms, kTrunkMs, 1e-9);
    EXPECT_EQ(measured->costs.target, "here");
    ASSERT_EQ(measured->costs.groups.size(), 15U);
    for (const GroupCost& group : measured->costs.groups) {
        EXPECT_NEAR(group.latency_ms, 2 + 0.5 * static_cast<double>(group.tasks.size()), 1e-9);
        EXPECT_GT(group.macs, 0);
        EXPECT_GT(group.bytes, 0);
    }
    const GroupCost *one = measured->costs.find({"t0"}), *three = measured->costs.find({"t3", "t0", "t2"});
    ASSERT_TRUE(one && three);
    EXPECT_LT(one->macs, three->macs);
    EXPECT_LT(three->macs, 3 * one->macs); // the tower is shared
}

TEST(MeasureCosts, MeasuresEqualShapesOnce) {
    ModelOptions whole = network_of(4);
    const auto shapes_of = [&] { return measure_costs(whole, first_branch_of(whole), ideal, {})->networks.size(); };
    EXPECT_EQ(shapes_of(), 5U); // branches of one to four tasks, and all apart
    whole.tasks[2].classes = {"left", "right"};
    EXPECT_EQ(shapes_of(), 6U); // a task of two classes has the branch of two tasks: one to five classes
}

TEST(MeasureCosts, AddsUpExactlyAtBothEndsWhateverTheNoise) {
    const ModelOptions whole = network_of(3);
    const LatencyMeter noisy = [](const std::vector<ModelOptions>& networks) {
        std::vector<LatencySamples> samples = ideal(networks);
        for (std::size_t n = 0; n < samples.size(); ++n) {
            for (std::size_t i = 0; i < 40; ++i) {
                samples[n].ms[i] += std::sin(static_cast<double>(7 * n + i)) + (i == 39 ? 100 : 0);
            }
        }
        return samples;
    };
    const MeasuredCosts measured = *measure_costs(whole, first_branch_of(whole), noisy, {});
    const auto network_ms = [&](const std::vector<std::vector<std::string>>& groups) {
        for (const NetworkCost& network : measured.networks) {
            if (network.groups == groups) return network.median_ms;
        }
        ADD_FAILURE();
        return 0.0;
    };
    const GroupCosts& costs = measured.costs;
    double apart = costs.trunk_ms;
    for (const char* task : {"t0", "t1", "t2"}) apart += costs.find({task})->latency_ms;
    EXPECT_NEAR(apart, network_ms({{"t0"}, {"t1"}, {"t2"}}), 1e-9);
    const GroupCost* all = costs.find({"t0", "t1", "t2"});
    EXPECT_NEAR(costs.trunk_ms + all->latency_ms, network_ms({{"t0", "t1", "t2"}}), 1e-9);
    // trunk = (3 n(t) - f) / 2 with errors of about 0.22 each: sqrt(9 + 1) / 2 of it.
    EXPECT_NEAR(costs.trunk_error_ms, std::sqrt(10.0) / 2 * measured.networks.front().error_ms, 0.2);
    EXPECT_GT(all->error_ms, costs.trunk_error_ms);
}

TEST(MeasureCosts, MeasuresOnlyPairsAndAllInOneOfManyTasks) {
    const ModelOptions whole = network_of(6);
    const MeasuredCosts measured = *measure_costs(whole, first_branch_of(whole), ideal, {});
    EXPECT_EQ(measured.costs.groups.size(), 6U + 15 + 1);
    EXPECT_EQ(measured.networks.size(), 4U); // one, two and six tasks, and all apart
    EXPECT_EQ(measured.costs.find({"t0", "t1", "t2"}), nullptr);
    EXPECT_NEAR(measured.costs.find({"t0", "t1", "t2", "t3", "t4", "t5"})->latency_ms, 5, 1e-9);
}

TEST(MeasureCosts, TakesTheBranchesOfARegroupedRun) {
    const DrawnTasks data;
    const RunConfig config = data.config();
    const BranchOfGroup regroup = [&](const std::vector<std::string>& group) {
        MergePlan plan{{group}};
        for (const char* task : {"red", "crimson", "blue"}) {
            if (std::find(group.begin(), group.end(), task) == group.end()) plan.groups.push_back({task});
        }
        for (const BranchOptions& branch : regrouped(config, plan, "per_task").model.branches) {
            if (branch.tasks == group) return branch;
        }
        throw CheckError("no branch");
    };
    const MeasuredCosts measured = *measure_costs(config.model, regroup, ideal, {});
    EXPECT_EQ(measured.costs.groups.size(), 7U);
    EXPECT_EQ(measured.networks.size(), 4U);
}

TEST(MeasureCosts, RefusesMergedNetworksAndEndsWhenTheMeterWasStopped) {
    ModelOptions whole = network_of(3);
    const LatencyMeter stopped = [](const std::vector<ModelOptions>&) { return std::vector<LatencySamples>{}; };
    EXPECT_FALSE(measure_costs(whole, first_branch_of(whole), stopped, {}));
    whole.branches.pop_back();
    whole.branches.back().tasks = {"t1", "t2"};
    expect_error<UsageError>([&] { measure_costs(whole, first_branch_of(whole), ideal, {}); }, {"branch t1"});
}

TEST(LatencySamples, KnowTheirMedianItsErrorAndTheTail) {
    LatencySamples samples;
    for (int i = 0; i <= 100; ++i) samples.ms.push_back(100 - i);
    EXPECT_DOUBLE_EQ(samples.median(), 50);
    EXPECT_DOUBLE_EQ(samples.p90(), 90);
    // Quartiles 25 and 75: sigma 50 / 1.349, times sqrt(pi / 2 / 101).
    EXPECT_NEAR(samples.median_error(), 50 / 1.3489795 * std::sqrt(std::acos(-1) / 2 / 101), 1e-9);
    samples.ms = {3};
    EXPECT_DOUBLE_EQ(samples.median(), 3);
    EXPECT_DOUBLE_EQ(samples.median_error(), 0);
}

} // namespace
} // namespace banyan::test
