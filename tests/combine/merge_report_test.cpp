#include "combine/merge_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "combine/merge_outcome.h"
#include "core/atomic_file.h"
#include "support/temp_dir.h"

namespace banyan::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class MergeReport : public testing::Test {
protected:
    MergeReport() { options_.budget.branches = 2; }

    std::string page(const MergeAutoOutcome& outcome) const {
        const std::string path = dir_.file("merge-report.html");
        write_merge_report(path, options_, outcome, {{"Go back:", "cp unmerged <model>"}});
        return read_file(path);
    }

    TempDir dir_;
    MergeAutoOptions options_;
};

TEST_F(MergeReport, ShowsWhatWasChosenWhatItCostsAndWhatElseWasTried) {
    const std::string html = page(merge_outcome());
    EXPECT_THAT(html, HasSubstr("branches=2"));
    EXPECT_THAT(html, HasSubstr("50.0 → 50.5"));
    EXPECT_THAT(html, HasSubstr("+0.5 [-0.5, +1.5]"));
    EXPECT_THAT(html, HasSubstr("8.00 → 7.20"));
    EXPECT_THAT(html, HasSubstr("red+green | blue was dropped: it takes 9.00 ms"));
    EXPECT_THAT(html, HasSubstr("3.00 → 2.50"));
    EXPECT_THAT(html, HasSubstr("1  red+blue | green"));
    EXPECT_THAT(html, HasSubstr("not accepted"));
    EXPECT_THAT(html, HasSubstr("not tried"));
    EXPECT_THAT(html, HasSubstr("before any training: 0.50; after healing: not enough candidates"));
    EXPECT_THAT(html, HasSubstr("Look-ahead affinity"));
    EXPECT_THAT(html, HasSubstr("2 threads, test"));
    EXPECT_THAT(html, HasSubstr("cp unmerged &lt;model&gt;"));
}

TEST_F(MergeReport, OfWorkThatNoPlanPassesTellsTheNearest) {
    MergeAutoOutcome outcome = merge_outcome();
    outcome.accepted.reset();
    outcome.problem = "no plan passes; expected much";
    const std::string html = page(outcome);
    EXPECT_THAT(html, HasSubstr("no plan passes; expected much. The network stays as it was."));
    EXPECT_THAT(html, HasSubstr("Of the plan that came nearest, red | blue+green:"));
    EXPECT_THAT(html, Not(HasSubstr("parameters, M")));
}

TEST_F(MergeReport, SaysWhereHealingMadeItWorse) {
    MergeAutoOutcome outcome = merge_outcome();
    EXPECT_THAT(page(outcome), Not(HasSubstr("Healing made the network worse")));
    BootstrapRow& mean = outcome.candidates[1].verdict->comparison.mean;
    mean = bootstrap_row("mean", {0.45, 0.5, 0.49});
    EXPECT_THAT(page(outcome), HasSubstr("Healing made the network worse"));
}

TEST_F(MergeReport, OfABudgetThatNoPlanKeepsShowsTheFront) {
    MergeAutoOutcome outcome = merge_outcome();
    outcome.accepted.reset();
    outcome.candidates.clear();
    outcome.transplanted = {};
    outcome.problem = "--budget latency=1ms: no plan keeps it";
    const std::string html = page(outcome);
    EXPECT_THAT(html, HasSubstr("latency=1ms: no plan keeps it"));
    EXPECT_THAT(html, HasSubstr("Accuracy against latency"));
    EXPECT_THAT(html, Not(HasSubstr("Candidates")));
}

TEST_F(MergeReport, OfANetworkThatStaysAsItIsSaysSo) {
    MergeAutoOutcome outcome = merge_outcome();
    outcome.accepted.reset();
    outcome.kept_apart = true;
    EXPECT_THAT(page(outcome), HasSubstr("It stays as it was."));
}

} // namespace
} // namespace banyan::test
