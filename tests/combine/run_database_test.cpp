#include "combine/run_database.h"

#include <atomic>
#include <filesystem>
#include <latch>
#include <thread>

#include <gmock/gmock.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan::test {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

constexpr auto kCreate = SqliteDatabase::Access::create;
constexpr auto kOpen = SqliteDatabase::Access::open;

RunRow planned(const std::string& plan, std::uint64_t seed) {
    RunRow row;
    row.cell = {plan, "per_task", "plain"};
    row.seed = seed;
    row.folder = "runs/" + plan + std::to_string(seed);
    row.config = "{\"a\": \"Ω\"}";
    row.config_hash = "0123";
    row.steps = 300;
    row.parameters = 5'000'000'000;
    row.macs = 7;
    return row;
}

std::vector<std::int64_t> ids_of(RunDatabase& database) {
    std::vector<std::int64_t> ids;
    for (const RunRow& row : database.runs()) ids.push_back(row.id);
    return ids;
}

TEST(RunDatabase, KeepsWhatItIsToldOfARun) {
    const TempDir dir;
    {
        RunDatabase database(dir.path() + "/new/grid", kCreate);
        database.add({planned("a | b", 1), planned("a | b", 2)});
        RunRow row = database.find(planned("a | b", 2).cell, 2).value();
        EXPECT_EQ(row.state, RunState::planned);
        database.begin(row.id);
        database.stop(row.id, 10);
        EXPECT_EQ(database.find(row.cell, 2)->state, RunState::begun);
        row.seconds = 2.5;
        row.images_per_second = 40;
        row.weights = "w";
        row.predictions = "p";
        row.ground_truth = "g";
        row.results = {{"b", "ap", 0.1}, {"a", "ap", 1.0 / 3}};
        database.finish(row);
    }
    RunDatabase database(dir.path() + "/new/grid", kOpen);
    const std::vector<RunRow> rows = database.runs();
    ASSERT_THAT(rows, SizeIs(2));
    EXPECT_EQ(rows[0].state, RunState::planned);
    EXPECT_EQ(rows[1].cell, (CellKey{"a | b", "per_task", "plain"}));
    EXPECT_EQ(rows[1].state, RunState::done);
    EXPECT_EQ(rows[1].seconds, 12.5);
    EXPECT_EQ(rows[1].images_per_second, 40);
    EXPECT_EQ(rows[1].parameters, 5'000'000'000);
    EXPECT_EQ(rows[1].config, "{\"a\": \"Ω\"}");
    EXPECT_THAT(rows[1].started, testing::MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z"));
    EXPECT_EQ(rows[1].weights + rows[1].predictions + rows[1].ground_truth, "wpg");
    EXPECT_THAT(rows[1].results, ElementsAre(RunResult{"b", "ap", 0.1}, RunResult{"a", "ap", 1.0 / 3}));
    EXPECT_FALSE(database.find(planned("a | b", 3).cell, 3));
}

TEST(RunDatabase, TellsWhyARunFailedUntilItIsBegunAgain) {
    const TempDir dir;
    RunDatabase database(dir.path(), kCreate);
    database.add({planned("a", 1)});
    const std::int64_t id = database.runs().front().id;
    database.fail(id, 3, "step 7: the loss is not finite");
    EXPECT_EQ(database.runs().front().state, RunState::failed);
    EXPECT_EQ(database.runs().front().failure, "step 7: the loss is not finite");
    database.begin(id);
    EXPECT_EQ(database.runs().front().failure, "");
}

TEST(RunDatabase, AddsAllMissingRunsOrNone) {
    const TempDir dir;
    RunDatabase database(dir.path(), kCreate);
    database.add({planned("a", 1)});
    RunRow same_folder = planned("c", 1);
    same_folder.folder = planned("a", 1).folder;
    EXPECT_THROW(database.add({planned("b", 1), same_folder}), CheckError);
    EXPECT_THAT(ids_of(database), SizeIs(1));
    RunRow changed = planned("a", 1);
    changed.config = "new";
    database.add({changed, planned("a", 2)});
    EXPECT_THAT(ids_of(database), SizeIs(2));
    EXPECT_EQ(database.runs().front().config, "new") << "nothing was done with the old one";
    database.begin(database.runs().front().id);
    database.add({planned("a", 1)});
    EXPECT_EQ(database.runs().front().config, "new");
    EXPECT_EQ(database.runs().front().state, RunState::begun) << "what was begun stays";
}

TEST(RunDatabase, IsMadeByManyAtATime) {
    constexpr int kThreads = 4, kRounds = 25;
    const TempDir dir;
    std::atomic<int> made = 0;
    for (int round = 0; round < kRounds; ++round) {
        std::latch start(kThreads);
        std::vector<std::thread> threads;
        for (int t = 0; t < kThreads; ++t) {
            threads.emplace_back([&, round] {
                start.arrive_and_wait();
                try {
                    RunDatabase(dir.path() + "/" + std::to_string(round), kCreate);
                    ++made;
                } catch (const Error& error) {
                    ADD_FAILURE() << error.what();
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
    }
    EXPECT_EQ(made, kThreads * kRounds);
}

TEST(RunDatabase, IsWrittenByManyAtATime) {
    const TempDir dir;
    RunDatabase(dir.path(), kCreate);
    constexpr std::uint64_t kThreads = 4, kEach = 10;
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            RunDatabase database(dir.path(), kCreate);
            for (std::uint64_t i = 0; i < kEach; ++i) database.add({planned("p" + std::to_string(t), i)});
        });
    }
    for (std::thread& thread : threads) thread.join();
    RunDatabase database(dir.path(), kOpen);
    EXPECT_THAT(ids_of(database), SizeIs(kThreads * kEach));
}

TEST(RunDatabase, RefusesFilesOfOtherPrograms) {
    const TempDir dir;
    expect_error<IoError>([&] { RunDatabase(dir.path(), kOpen); }, {"ablation.sqlite", "no such file"});
    dir.write("ablation.sqlite", "This is no database, however long it may be, and it will not become one by waiting.");
    expect_error<ModelFileError>([&] { RunDatabase(dir.path(), kCreate); }, {"ablation.sqlite", "not a database"});
    std::filesystem::remove(dir.file("ablation.sqlite"));
    SqliteDatabase(dir.file("ablation.sqlite"), kCreate).execute("CREATE TABLE birds (name TEXT)");
    const std::string before = read_file(dir.file("ablation.sqlite"));
    expect_error<ModelFileError>([&] { RunDatabase(dir.path(), kCreate); }, {"ablation.sqlite", "another program"});
    EXPECT_EQ(read_file(dir.file("ablation.sqlite")), before) << "a stranger's file is not touched";
}

TEST(RunDatabase, RefusesAnotherVersion) {
    const TempDir dir;
    RunDatabase(dir.path(), kCreate);
    SqliteDatabase(dir.file("ablation.sqlite"), kOpen).execute("PRAGMA user_version = 2");
    expect_error<ModelFileError>([&] { RunDatabase(dir.path(), kOpen); }, {"another version", "expected 1", "found 2"});
}

TEST(RunDatabase, NoticesDamage) {
    const TempDir dir;
    {
        RunDatabase database(dir.path(), kCreate);
        std::vector<RunRow> rows;
        for (std::uint64_t i = 0; i < 200; ++i) rows.push_back(planned("a", i));
        database.add(rows);
    }
    std::string bytes = read_file(dir.file("ablation.sqlite"));
    ASSERT_GT(bytes.size(), 16'384U);
    for (std::size_t i = 8192; i < 12'288; ++i) bytes[i] = static_cast<char>(i * 31);
    dir.write("ablation.sqlite", bytes);
    expect_error<ModelFileError>([&] { RunDatabase(dir.path(), kOpen).runs(); }, {"ablation.sqlite", "damaged"});
    dir.write("ablation.sqlite", bytes.substr(0, 6000));
    expect_error<ModelFileError>([&] { RunDatabase(dir.path(), kOpen).runs(); }, {"ablation.sqlite", "damaged"});
}

TEST(CellLabel, NamesPlanBoxesAndVariant) {
    EXPECT_EQ(cell_label({"a+b | c", "", "plain"}), "a+b | c / plain");
    EXPECT_EQ(cell_label({"a+b | c", "per_task", "plain"}), "a+b | c (boxes per_task) / plain");
}

} // namespace
} // namespace banyan::test
