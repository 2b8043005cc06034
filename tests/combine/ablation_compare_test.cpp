#include "combine/ablation_compare.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "combine/ablation_report.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

/// 30 pictures with one object of each task; runs that find every n-th of them.
class CellComparisonTest : public testing::Test {
protected:
    static constexpr int kPictures = 30;

    /// @param first  number of the first picture, for validation sets that differ
    std::string truth(const std::vector<std::string>& tasks, int first = 0) const {
        json file{{"images", json::array()}, {"annotations", json::array()}, {"categories", json::array()}};
        for (std::size_t k = 0; k < tasks.size(); ++k)
            file["categories"].push_back({{"id", k + 1}, {"name", tasks[k]}, {"task", tasks[k]}});
        for (int i = 1; i <= kPictures; ++i) {
            file["images"].push_back({{"id", i}, {"file_name", "v/" + std::to_string(first + i)}});
            for (std::size_t k = 0; k < tasks.size(); ++k)
                file["annotations"].push_back({{"id", 10 * i + static_cast<int>(k)},
                                               {"image_id", i},
                                               {"category_id", k + 1},
                                               {"bbox", {10, 10, 50, 50}},
                                               {"area", 2500},
                                               {"iscrowd", 0}});
        }
        std::string name = "gt" + std::to_string(first);
        for (const std::string& task : tasks) name += "-" + task;
        dir_.write(name, file.dump());
        return name;
    }

    RunRow row(const std::string& plan, const std::vector<std::string>& tasks, std::uint64_t seed, int step,
               int first = 0) const {
        json file = json::array();
        RunRow row;
        for (std::size_t k = 0; k < tasks.size(); ++k) {
            for (int i = 1; i <= kPictures; ++i) {
                if ((i + static_cast<int>(seed)) % step != 0) continue;
                file.push_back({{"image_id", i}, {"category_id", k + 1}, {"bbox", {10, 10, 50, 50}}, {"score", 0.5}});
            }
            row.results.push_back({tasks[k], "ap", 1.0 / step});
        }
        row.cell = {plan, "", "plain"};
        row.seed = seed;
        row.folder = "runs/" + plan + std::to_string(seed);
        row.state = RunState::done;
        row.macs = 1000 * step;
        row.ground_truth = truth(tasks, first);
        row.predictions = "dt-" + plan + std::to_string(seed);
        dir_.write(row.predictions, file.dump());
        return row;
    }

    CellComparison compare(const std::vector<RunRow>& rows) const {
        const AblationSummary summary = summarise_ablation(rows, "ap");
        std::vector<const CellSummary*> cells;
        for (const CellSummary& cell : summary.cells) cells.push_back(&cell);
        BootstrapOptions options;
        options.resamples = 200;
        return compare_cells(dir_.path(), cells, options);
    }

    TempDir dir_;
};

TEST_F(CellComparisonTest, TestsTheDifferenceOnCommonSeeds) {
    const CellComparison found = compare({row("a | b", {"a", "b"}, 1, 1), row("a | b", {"a", "b"}, 2, 1),
                                          row("a+b", {"a", "b"}, 2, 2), row("a+b", {"a", "b"}, 3, 2)});
    EXPECT_THAT(found.seeds, ElementsAre(2));
    EXPECT_FALSE(found.options.resample_seeds);
    const BootstrapDifference difference = found.result.mean.ap.differences.at(0);
    EXPECT_NEAR(difference.estimate, 0.5, 0.02);
    EXPECT_GT(difference.low, 0.2);
    EXPECT_LT(difference.high, 0.8);
    EXPECT_THAT(found.files[1], ElementsAre(dir_.path() + "/dt-a+b2"));
}

TEST_F(CellComparisonTest, DrawsSeedsWhenThereAreSeveral) {
    const CellComparison found = compare({row("a | b", {"a", "b"}, 1, 1), row("a | b", {"a", "b"}, 2, 2),
                                          row("a+b", {"a", "b"}, 1, 1), row("a+b", {"a", "b"}, 2, 2)});
    EXPECT_TRUE(found.options.resample_seeds);
    EXPECT_EQ(found.result.mean.ap.differences.at(0).estimate, 0);
    EXPECT_LT(found.result.mean.ap.differences.at(0).low, -0.1) << "seeds 1 and 2 differ by 0.5";
}

TEST_F(CellComparisonTest, JudgesCellsOfOtherTasksOnThoseInCommon) {
    const CellComparison found = compare({row("b", {"b"}, 1, 2), row("a+b", {"a", "b"}, 1, 1)});
    ASSERT_THAT(found.result.tasks, SizeIs(1));
    EXPECT_EQ(found.result.tasks[0].name, "b");
    EXPECT_NEAR(found.result.mean.ap.differences.at(0).estimate, -0.5, 0.02);
    expect_error<UsageError>(
        [&] {
            compare({row("b", {"b"}, 1, 2), row("a", {"a"}, 1, 1)});
        },
        {"judged by other tasks"});
}

TEST_F(CellComparisonTest, RefusesOtherImagesAndSeeds) {
    expect_error<UsageError>(
        [&] {
            compare({row("a | b", {"a", "b"}, 1, 1), row("a+b", {"a", "b"}, 1, 1, 100)});
        },
        {"judged by other", "gt100-a-b"});
    expect_error<UsageError>(
        [&] {
            compare({row("a | b", {"a", "b"}, 1, 1), row("a+b", {"a", "b"}, 2, 1)});
        },
        {"\"a | b / plain\" and \"a+b / plain\"", "no seed"});
}

TEST_F(CellComparisonTest, ReportHoldsTablesPlotsAndDifferences) {
    RunRow planned;
    planned.cell = {"a+b", "", "<long>"};
    planned.folder = "runs/long";
    const std::vector<RunRow> rows{row("a | b", {"a", "b"}, 1, 1), row("a | b", {"a", "b"}, 2, 2),
                                   row("a+b", {"a", "b"}, 1, 2), planned};
    write_ablation_report(dir_.file("r/report.html"), dir_.path(), summarise_ablation(rows, "ap"));
    const std::string html = read_file(dir_.file("r/report.html"));
    for (const char* text : {"3 cells, 3 of 4 runs", "75.0 ± ", "Accuracy against work", "AP by task", "planned",
                             "Differences from #1", "&lt;long&gt;", "stroke-dasharray"}) {
        EXPECT_THAT(html, HasSubstr(text));
    }
}

TEST_F(CellComparisonTest, ReportLeavesOutCellsThatCannotBeCompared) {
    const std::vector<RunRow> rows{row("a | b", {"a", "b"}, 1, 1), row("a+b", {"a", "b"}, 2, 2),
                                   row("b | a", {"a", "b"}, 1, 2)};
    write_ablation_report(dir_.file("report.html"), dir_.path(), summarise_ablation(rows, "ap"));
    const std::string html = read_file(dir_.file("report.html"));
    EXPECT_THAT(html, HasSubstr("judged by other pictures: #2."));
    EXPECT_THAT(html, HasSubstr("<tr><td>#3 b | a / plain</td><td>1</td><td>-49.5"));
}

} // namespace
} // namespace banyan::test
