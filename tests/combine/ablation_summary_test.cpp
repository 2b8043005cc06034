#include "combine/ablation_summary.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "data/csv.h"
#include "support/expect_error.h"

namespace banyan::test {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

RunRow row(const CellKey& cell, std::uint64_t seed, std::vector<RunResult> results, std::int64_t macs = 100) {
    RunRow row;
    row.cell = cell;
    row.seed = seed;
    row.state = results.empty() ? RunState::planned : RunState::done;
    row.results = std::move(results);
    row.macs = macs;
    row.parameters = 2 * macs;
    row.seconds = static_cast<double>(10 * seed);
    row.folder = "runs/x";
    return row;
}

const CellKey kApart{"face | hand", "", "plain"}, kMerged{"face+hand", "", "plain"}, kFace{"face", "", "plain"},
    kMergedLong{"face+hand", "", "long"};

std::vector<RunRow> rows() {
    return {row(kApart, 2, {{"face", "ap", 0.5}, {"hand", "ap", 0.3}, {"face", "ap50", 0.9}}),
            row(kMerged, 1, {{"face", "ap", 0.6}, {"hand", "ap", 0.1}}, 50),
            row(kApart, 1, {{"face", "ap", 0.3}, {"hand", "ap", 0.1}}),
            row(kFace, 1, {{"face", "ap", 0.7}}, 40),
            row(kApart, 3, {}),
            row(kMergedLong, 1, {}, 50)};
}

std::vector<int> order(const std::vector<RunRow>& rows, const std::string& key) {
    AblationSummary summary = summarise_ablation(rows, "ap");
    sort_cells(summary, key);
    std::vector<int> numbers;
    for (const CellSummary& cell : summary.cells) numbers.push_back(cell.number);
    return numbers;
}

TEST(AblationSummary, AveragesFinishedSeedsOfEachCell) {
    const std::vector<RunRow> all = rows();
    const AblationSummary summary = summarise_ablation(all, "ap");
    EXPECT_THAT(summary.tasks, ElementsAre("face", "hand"));
    ASSERT_THAT(summary.cells, SizeIs(4));
    const CellSummary& apart = summary.cells[0];
    EXPECT_EQ(apart.cell, kApart);
    EXPECT_THAT(apart.runs, SizeIs(3));
    EXPECT_THAT(apart.tasks.at("face").values, ElementsAre(0.3, 0.5)) << "by seed";
    EXPECT_DOUBLE_EQ(apart.tasks.at("hand").mean, 0.2);
    ASSERT_TRUE(apart.mean);
    EXPECT_DOUBLE_EQ(apart.mean->values[0], 0.2);
    EXPECT_DOUBLE_EQ(apart.mean->values[1], 0.4);
    EXPECT_DOUBLE_EQ(apart.seconds, 15);
    EXPECT_FALSE(summary.cells[2].tasks.contains("hand"));
    EXPECT_DOUBLE_EQ(summary.cells[2].mean->mean, 0.7);
    EXPECT_FALSE(summary.cells[3].mean);
}

TEST(AblationSummary, LeavesOutNumbersThatNotAllSeedsHave) {
    const std::vector<RunRow> all = rows();
    EXPECT_FALSE(summarise_ablation(all, "ap50").cells[0].tasks.contains("face"));
    expect_error<UsageError>([&] { summarise_ablation(all, "ap51"); }, {"--metric", "ap51", "did you mean \"ap50\""});
}

TEST(SortCells, PutsTheBestFirstAndTheUnfinishedLast) {
    const std::vector<RunRow> all = rows();
    EXPECT_THAT(order(all, "cell"), ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(order(all, "mean"), ElementsAre(3, 2, 1, 4));
    EXPECT_THAT(order(all, "hand"), ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(order(all, "macs"), ElementsAre(3, 2, 4, 1));
    EXPECT_THAT(order(all, "seconds"), ElementsAre(2, 3, 1, 4));
    EXPECT_THAT(order(all, "name"), ElementsAre(3, 1, 4, 2));
    expect_error<UsageError>([&] { order(all, "hend"); }, {"--sort", "hend", "did you mean \"hand\""});
}

TEST(FindCell, TakesNumbersPlansAndLabels) {
    const std::vector<RunRow> all = rows();
    const AblationSummary summary = summarise_ablation(all, "ap");
    EXPECT_EQ(find_cell(summary, "3").cell, kFace);
    EXPECT_EQ(find_cell(summary, "face|hand").cell, kApart);
    EXPECT_EQ(find_cell(summary, "face + hand/long").cell, kMergedLong);
    expect_error<UsageError>([&] { find_cell(summary, "face+hand"); },
                             {"several cells", "face+hand / plain", "face+hand / long"});
    expect_error<UsageError>([&] { find_cell(summary, "face+hand / lang"); }, {"no such cell", "face+hand / long"});
}

TEST(AblationCsv, ReadsBackWhateverTheNames) {
    std::vector<RunRow> all = rows();
    all[0].cell.variant = "odd, \"quoted\"\nname";
    all[5].state = RunState::failed;
    all[5].failure = "step 3, not finite";
    all[0].results[0].value = 1.0 / 3;
    const std::string text = ablation_csv(all);
    DataProblems problems;
    CsvReader reader(text, "grid.csv", problems);
    std::vector<std::string> head, fields;
    ASSERT_TRUE(reader.next(head));
    EXPECT_EQ(head[0] + "," + head[8], "cell,value");
    ASSERT_TRUE(reader.next(fields));
    EXPECT_EQ(fields.size(), head.size());
    EXPECT_EQ(fields[3], "odd, \"quoted\"\nname");
    EXPECT_EQ(std::stod(fields[8]), 1.0 / 3);
    int lines = 1;
    std::string last;
    while (reader.next(fields)) {
        ++lines;
        last = fields[5] + " " + fields[8] + " " + fields.back();
    }
    EXPECT_EQ(lines, 3 + 2 + 2 + 1 + 1 + 1);
    EXPECT_EQ(last, "failed  step 3, not finite");
    EXPECT_TRUE(text.ends_with("\r\n"));
}

} // namespace
} // namespace banyan::test
