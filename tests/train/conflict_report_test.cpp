#include "train/conflict_report.h"

#include <cmath>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "support/temp_dir.h"
#include "train/metrics_log.h"
#include "train/run_folder.h"

namespace banyan {
namespace {

using testing::HasSubstr;
using testing::Not;

class ConflictReport : public testing::Test {
protected:
    ConflictReport() : folder_(dir_.file("run"), "{}", false) {}

    std::string html() const {
        HtmlReport report("A run");
        add_conflict_section(report, dir_.file("run"));
        return report.html();
    }

    TempDir dir_;
    RunFolder folder_;
    GradientConflicts conflicts_;
};

TEST_F(ConflictReport, ShowsTheNewestMeansOfEachPair) {
    folder_.log_step({1, 0.5, 0.1, 2, {{"face", {1, 1, 2, 3}}}}, {});
    folder_.log_conflicts(1, conflicts_.add({"face", "hand"}, {{1, 0.5}, {0.5, 1}}));
    folder_.log_conflicts(2, conflicts_.add({"face", "hand", "head"}, {{4, 0, -2}, {0, 1, 0}, {-2, 0, 1}}));
    const std::vector<MeanConflict> read = read_metrics(dir_.file("run")).conflicts;
    ASSERT_EQ(read.size(), 3U);
    EXPECT_EQ(read[0].a + read[0].b, "facehand");
    EXPECT_EQ(read[0].cosine, 0.25);
    EXPECT_EQ(read[0].cosine_error, 0.25);
    EXPECT_EQ(read[0].log2_ratio, 0.5); // ratios 1 and 2
    EXPECT_EQ(read[1].cosine, -1);
    EXPECT_TRUE(std::isnan(read[1].cosine_error)); // measured once

    const std::string page = html();
    for (const char* text : {"Cosine of the branches", "face", "hand", "head", "0.25", "± 0.250", "-1.00", "-0.50"}) {
        EXPECT_THAT(page, HasSubstr(text));
    }
    EXPECT_TRUE(std::filesystem::exists(dir_.file("run/plots/conflict_cosine.svg")));
    EXPECT_TRUE(std::filesystem::exists(dir_.file("run/plots/conflict_norm.svg")));
}

TEST_F(ConflictReport, IsLeftOutWhereNothingWasMeasured) {
    folder_.log_step({1, 0.5, 0.1, 2, {}}, {});
    EXPECT_THAT(html(), Not(HasSubstr("Gradients of the branches")));
}

TEST_F(ConflictReport, MetricsTellWeightsAndSkippedSteps) {
    StepRecord record{3, 0.5, 0.1, 2, {{"face", {1, 1, 2, 3, 0.75}}}};
    record.skipped = 2;
    folder_.log_step(record, {});
    const MetricsLog log = read_metrics(dir_.file("run"));
    ASSERT_EQ(log.weight.at("face").size(), 1U);
    EXPECT_EQ(log.weight.at("face")[0].y, 0.75);
    EXPECT_THAT(read_file(dir_.file("run/metrics.jsonl")), HasSubstr("\"skipped\":2"));
}

} // namespace
} // namespace banyan
