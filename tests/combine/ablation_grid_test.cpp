#include "combine/ablation_grid.h"

#include <gmock/gmock.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* kBase = R"({
  "schema_version": 1,
  "tasks": [{"name": "person"}, {"name": "head"}, {"name": "hand"}],
  "model": {"branches": [{"name": "person"}, {"name": "head"}, {"name": "hand"}]},
  "datasets": [{"name": "p", "format": "coco", "root": "p", "annotations": "a.json", "classes": {"p": "person"}},
               {"name": "h", "format": "coco", "root": "h", "annotations": "a.json",
                "classes": {"h": "head", "x": "hand"}}],
  "validation": [{"name": "p", "format": "coco", "root": "p", "annotations": "v.json", "classes": {"p": "person"}},
                 {"name": "h", "format": "coco", "root": "h", "annotations": "v.json",
                  "classes": {"h": "head", "x": "hand"}}],
  "train": {"trunk_norm": "batch", "steps": 10}
})";

class AblationGridTest : public testing::Test {
protected:
    AblationGridTest() { dir_.write("base.json", kBase); }

    AblationGrid load(const std::string& entries) const {
        return load_ablation(dir_.write("grid.json", R"({"schema_version": 1, "base": "base.json", )" + entries + "}"));
    }
    std::vector<AblationRun> runs(const std::string& entries) const { return runs_of(load(entries)); }
    std::vector<std::string> folders(const std::string& entries) const {
        std::vector<std::string> names;
        for (const AblationRun& run : runs(entries)) names.push_back(run.folder);
        return names;
    }

    TempDir dir_;
};

TEST_F(AblationGridTest, CrossesPlansVariantsAndSeeds) {
    const auto found = runs(R"("plans": ["person | head | hand", "hand+head | person"], "seeds": [1, 2],
        "variants": [{"name": "plain"}, {"name": "long one", "set": {"/train/steps": 20, "/model/norm": "group"}}])");
    ASSERT_THAT(found, SizeIs(8));
    EXPECT_EQ(found[0].cell, (CellKey{"person | head | hand", "", "plain"}));
    EXPECT_EQ(found[0].seed, 1U);
    EXPECT_EQ(found[1].seed, 2U);
    EXPECT_EQ(found[1].config.train.seed, 2U);
    EXPECT_EQ(found[1].config.loader.seed, 2U);
    EXPECT_EQ(found[3].cell.variant, "long one");
    EXPECT_EQ(found[3].folder, "runs/person_head_hand-long-one-2");
    EXPECT_EQ(found[3].config.train.steps, 20);
    EXPECT_EQ(found[0].config.train.steps, 10);
    EXPECT_EQ(found[3].config.model.norm.kind, NormKind::group);
    EXPECT_EQ(found[4].cell.plan, "person | head+hand");
    EXPECT_THAT(found[4].config.model.branches, SizeIs(2));
}

TEST_F(AblationGridTest, DefaultsToOneSeedAndTheBaseItself) {
    EXPECT_THAT(folders(R"("plans": [[["person", "head"], ["hand"]]])"), ElementsAre("runs/person+head_hand-base-1"));
}

TEST_F(AblationGridTest, CutsPlansToSetsOfTasksAndKeepsEqualRunsOnce) {
    const auto found = runs(R"("plans": ["person | head | hand", "person+head | hand", "person+head+hand"],
        "tasks": [["person"], ["head", "hand"]])");
    std::vector<std::string> plans;
    for (const AblationRun& run : found) plans.push_back(run.cell.plan);
    EXPECT_THAT(plans, ElementsAre("person", "head | hand", "head+hand"));
    EXPECT_THAT(found[0].config.model.tasks, SizeIs(1));
    EXPECT_THAT(found[0].config.datasets, SizeIs(1));
    EXPECT_THAT(found[0].config.validation, SizeIs(1));
}

TEST_F(AblationGridTest, BoxOutputsMakeAPlanOfTheirOwnWhereBranchesAreMerged) {
    const auto found = runs(R"("plans": ["person+head | hand", {"groups": "person+head | hand", "boxes": "per_task"},
        {"groups": [["person"], ["head"], ["hand"]], "boxes": "per_task"}])");
    ASSERT_THAT(found, SizeIs(3));
    EXPECT_EQ(found[0].cell.boxes + found[2].cell.boxes, "");
    EXPECT_EQ(found[1].cell.boxes, "per_task");
    EXPECT_EQ(found[1].folder, "runs/person+head_hand-per_task-base-1");
    EXPECT_EQ(found[1].config.model.branches[0].head.boxes, BoxOutputs::per_task);
}

TEST_F(AblationGridTest, ConfigIsTheOneThatTrainWouldRead) {
    const auto found = runs(R"("plans": ["person | head | hand"], "seeds": [7])");
    EXPECT_EQ(found[0].config.effective, load_run_config(dir_.file("base.json"), {"/train/seed=7"}).effective);
}

TEST_F(AblationGridTest, NamesMistypedKeysWithTheNearest) {
    expect_error<ConfigError>([&] { load(R"("plans": ["person"], "seed": [1])"); },
                              {"grid.json:/seed", "unknown key", "did you mean \"seeds\""});
    expect_error<ConfigError>([&] { load(R"("plans": [{"groups": "person", "boxs": "shared"}])"); },
                              {"grid.json:/plans/0:/boxs", "did you mean \"boxes\""});
    expect_error<ConfigError>([&] { load(R"("plans": [{"groups": "person", "boxes": "per_tusk"}])"); },
                              {"/boxes", "per_tusk", "per_task"});
    expect_error<ConfigError>([&] { load(R"("plans": ["person"], "variants": [{"name": "a", "sets": {}}])"); },
                              {"/variants/0/sets", "did you mean \"set\""});
    expect_error<ConfigError>(
        [&] { runs(R"("plans": ["person|head|hand"], "variants": [{"name": "a", "set": {"/train/stebs": 3}}])"); },
        {"/train/stebs", "did you mean \"steps\""});
}

TEST_F(AblationGridTest, RefusesWhatIsNoGrid) {
    expect_error<ConfigError>([&] { load(R"("seeds": [1])"); }, {"grid.json:/plans", "missing"});
    expect_error<ConfigError>([&] { load(R"("plans": [])"); }, {"grid.json:/plans", "a list of plans"});
    expect_error<ConfigError>([&] { load(R"("plans": [3])"); }, {"grid.json:/plans/0", "not a plan", "3"});
    expect_error<ConfigError>([&] { load(R"("plans": [["person", "head"]])"); }, {"grid.json:/plans/0", "not a plan"});
    expect_error<UsageError>([&] { load(R"("plans": ["person | | head"])"); }, {"grid.json:/plans/0"});
    expect_error<ConfigError>([&] { load(R"("plans": ["person"], "seeds": [])"); }, {"/seeds", "at least one"});
    expect_error<ConfigError>([&] { load(R"("plans": ["person"], "seeds": [1, 2, 1])"); }, {"/seeds/2", "twice", "1"});
    expect_error<ConfigError>([&] { load(R"("plans": ["person"], "seeds": [-1])"); }, {"/seeds"});
    expect_error<ConfigError>([&] { load(R"("plans": ["person"], "variants": [{"name": "a"}, {"name": "a"}])"); },
                              {"/variants/1", "twice"});
    expect_error<ConfigError>([&] { load(R"("plans": ["person"], "tasks": ["person"])"); }, {"/tasks/0", "task names"});
    expect_error<ConfigError>([&] { load_ablation(dir_.write("g.json", R"({"schema_version": 2, "base": "b"})")); },
                              {"/schema_version"});
}

TEST_F(AblationGridTest, NamesThePlanOrVariantThatDoesNotFit) {
    expect_error<UsageError>([&] { runs(R"("plans": ["person | head | hand", "person | head"])"); },
                             {"plans/1", "\"hand\" is missing"});
    expect_error<UsageError>([&] { runs(R"("plans": ["person | head | hand"], "tasks": [["persn"]])"); }, {"persn"});
    expect_error<ConfigError>(
        [&] { runs(R"("plans": ["person|head|hand"], "variants": [{"name": "a b"}, {"name": "a-b"}])"); },
        {"runs/person_head_hand-a-b-1", "two runs"});
    dir_.write("base.json", R"({"schema_version": 1, "tasks": [{"name": "a"}], "model": {"branches": [{"name": "a"}]},
        "datasets": [{"name": "d", "format": "coco", "root": "d", "annotations": "a.json", "classes": {"a": "a"}}],
        "train": {"trunk_norm": "batch"}})");
    expect_error<ConfigError>([&] { runs(R"("plans": ["a"])"); }, {"base.json:/validation", "missing"});
}

TEST(AblationExample, ShippedGridIsSound) {
    const AblationGrid grid = load_ablation(std::string(BANYAN_SOURCE_DIR) + "/configs/ablation/people.json");
    EXPECT_THAT(runs_of(grid), SizeIs(grid.plans.size() * grid.variants.size() * grid.seeds.size()));
}

TEST(AblationDocs, NameEveryKeyOfTheGridFile) {
    ConfigReader reader = ConfigReader::from_file(std::string(BANYAN_SOURCE_DIR) + "/configs/ablation/people.json");
    parse_ablation(reader);
    const std::string docs = read_file(std::string(BANYAN_SOURCE_DIR) + "/docs/ablation.md");
    for (const ConfigKey& key : reader.keys_asked()) {
        if (key.pointer.find("{}") != std::string::npos) continue;
        EXPECT_THAT(docs, HasSubstr("| `" + key.pointer + "`"));
    }
}

TEST(ConfigChanges, TellsWhereTwoConfigsDiffer) {
    EXPECT_EQ(config_changes(R"({"a": {"b": 1}})", R"({"a": {"b": 1}})"), "");
    EXPECT_EQ(config_changes(R"({"a": {"b": 1}, "c": 2})", R"({"a": {"b": "x"}, "d": [1]})"),
              "/a/b was 1, is \"x\", /c was 2, is not there, /d was not there, is a list of 1");
    EXPECT_THAT(config_changes(R"({"a": 1, "b": 1, "c": 1, "d": 1})", R"({"a": 2, "b": 2, "c": 2, "d": 2})"),
                HasSubstr("and 1 more"));
}

} // namespace
} // namespace banyan::test
