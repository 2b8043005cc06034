#include "combine/plan_latency.h"

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "drawn_tasks.h"
#include "support/temp_dir.h"

namespace banyan::test {
namespace {

TEST(PlanLatencies, MeasureEveryPlanOnceBesideTheUnmergedNetwork) {
    const TempDir dir;
    const DrawnTasks data;
    std::vector<std::size_t> branches; // of the networks that were measured
    const LatencyMeter meter = [&](const std::vector<ModelOptions>& networks) {
        std::vector<LatencySamples> samples;
        for (const ModelOptions& network : networks) {
            branches.push_back(network.branches.size());
            samples.push_back({{1, static_cast<double>(network.branches.size()), 9}});
        }
        return samples;
    };
    const MergePlan pair = plan_from_text("red+crimson | blue", "test"),
                    all = plan_from_text("red+crimson+blue", "test");
    const std::string path = dir.file("latencies.json");
    const auto latencies = [&](const LatencyMeter& by) {
        return PlanLatencies(path, data.config().model, BoxOutputs::per_task, by);
    };
    EXPECT_EQ(latencies(meter).of({pair})->front().median_ms, 2);
    EXPECT_EQ(branches, (std::vector<std::size_t>{3, 2}));
    EXPECT_EQ(latencies(meter).unmerged()->median_ms, 3);
    const auto both = latencies(meter).of({all, pair});
    EXPECT_EQ(both->at(0).plan, all);
    EXPECT_EQ(both->at(0).median_ms, 1);
    EXPECT_EQ(both->at(1).median_ms, 2);
    EXPECT_EQ(branches, (std::vector<std::size_t>{3, 2, 3, 1}));

    const LatencyMeter stopped = [](const std::vector<ModelOptions>&) { return std::vector<LatencySamples>(); };
    EXPECT_TRUE(latencies(stopped).of({all, pair}));
    write_file_atomically(path, "{\"networks\": [{");
    EXPECT_FALSE(latencies(stopped).of({all}));
    EXPECT_EQ(latencies(meter).of({all})->front().median_ms, 1);
}

} // namespace
} // namespace banyan::test
