#include "combine/pair_transplants.h"

#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "drawn_tasks.h"
#include "eval/coco_writer.h"
#include "eval/evaluate.h"
#include "model/saved_model.h"
#include "support/expect_error.h"

namespace banyan::test {
namespace {

/// A network with its start values whose detections, it is pretended, were perfect before.
class PairTransplants : public testing::Test {
protected:
    PairTransplants() {
        options_.folder = data_.file("pairs");
        options_.model = data_.file("model.banyan.safetensors");
        options_.pictures = 3;
        options_.resamples = 20;
        save_model(options_.model, MultiTaskModel(config_.model));
    }

    void pretend_perfect_detections() const {
        const ClassTable table(config_.model.tasks);
        CocoProblem problem = ground_truth_of(load_datasets(config_.validation, table), table);
        for (const CocoAnnotation& object : problem.annotations) {
            problem.detections.push_back({object.image, object.category, object.box, 0.9});
        }
        write_file_atomically(options_.folder + "/unmerged.coco.json", coco_predictions_json(problem));
        write_file_atomically(file(), pairs_header_json(config_, options_) + "\n");
    }
    std::string file() const { return options_.folder + "/pairs.jsonl"; }

    DrawnTasks data_;
    RunConfig config_ = data_.config();
    PairTransplantOptions options_;
};

TEST_F(PairTransplants, TellsWhatEachTaskOfAPairLoses) {
    pretend_perfect_detections();
    const AffinityMatrix drops = pair_transplants(config_, options_).value();
    EXPECT_EQ(drops.key, kTransplantDrop);
    for (std::size_t a = 0; a < 3; ++a) {
        for (std::size_t b = 0; b < 3; ++b) {
            const MeasuredMean& drop = drops.values[a][b];
            if (a == b) {
                EXPECT_EQ(drop.count, 0);
                continue;
            }
            EXPECT_GT(drop.mean, 0.5) << a << " onto " << b; // from 1 to what an untrained network finds
            EXPECT_LE(drop.mean, 1);
            EXPECT_TRUE(std::isfinite(drop.error));
            EXPECT_EQ(drop.count, 2 * DrawnTasks::kPictures); // sets that label neither task are not looked at
        }
    }
}

TEST_F(PairTransplants, GoesOnBehindTheLastFinishedPair) {
    pretend_perfect_detections();
    const AffinityMatrix whole = pair_transplants(config_, options_).value();
    const std::string text = read_file(file()), header = pairs_header_json(config_, options_);
    const PairDrops known{{0.25, 0.1, 16}, {-0.5, 0.1, 16}};
    write_file_atomically(file(), header + "\n" + pair_json({"red", "crimson"}, known) + "\n");
    const AffinityMatrix resumed = pair_transplants(config_, options_).value();
    EXPECT_EQ(resumed.values[1][0].mean, 0.25); // lost by red, was not measured again
    EXPECT_EQ(resumed.values[0][1].mean, -0.5);
    EXPECT_EQ(resumed.values[2][0].mean, whole.values[2][0].mean);
    EXPECT_EQ(read_file(file()).substr(read_file(file()).rfind("\n{")), text.substr(text.rfind("\n{")));
    EXPECT_EQ(load_pairs(file(), header).size(), 3U);
}

TEST_F(PairTransplants, TakesNothingOfAnotherModel) {
    pretend_perfect_detections();
    ASSERT_TRUE(pair_transplants(config_, options_));
    GraphModuleOptions module;
    module.seed = 9;
    save_model(options_.model, MultiTaskModel(config_.model, module));
    const std::string known = read_file(file());
    ASSERT_TRUE(pair_transplants(config_, options_));
    EXPECT_NE(read_file(file()), known);
    EXPECT_EQ(read_file(file()).find(pairs_header_json(config_, options_)), 0U);
    write_file_atomically(file(), pairs_header_json(config_, options_) + "\n{\"tasks\": 3}\n");
    expect_error<DataError>([&] { pair_transplants(config_, options_); }, {"pairs.jsonl:2"});
}

TEST_F(PairTransplants, GivesHeadsThatCannotShareATowerNoNumber) {
    config_.model.branches[1].head.depth = 2;
    save_model(options_.model, MultiTaskModel(config_.model));
    const AffinityMatrix drops = pair_transplants(config_, options_).value();
    EXPECT_TRUE(std::isnan(drops.values[0][1].mean));
    EXPECT_EQ(drops.values[1][2].count, 0);
    EXPECT_FALSE(std::isnan(drops.values[0][2].mean));
}

TEST_F(PairTransplants, NeedsABranchForEachTaskAndSomethingToJudgeBy) {
    RunConfig blind = config_;
    blind.validation.clear();
    expect_error<UsageError>([&] { pair_transplants(blind, options_); }, {"validation"});
    const RunConfig merged = run_config_from_text(
        data_.config_text(DrawnTasks::branch("both", "red+crimson") + ", " + DrawnTasks::branch("blue", "blue")),
        data_.file("merged.json"));
    save_model(options_.model, MultiTaskModel(merged.model));
    expect_error<UsageError>([&] { pair_transplants(config_, options_); }, {"both", "a branch for each task"});
}

} // namespace
} // namespace banyan::test
