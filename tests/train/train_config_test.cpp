#include "train/train_config.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"
#include "train/tiny_run.h"

namespace banyan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kPeople = std::string(BANYAN_SOURCE_DIR) + "/configs/people.json";

template <typename Items, typename Name>
std::vector<std::string> names_of(const Items& items, Name name) {
    std::vector<std::string> names;
    for (const auto& item : items) names.push_back(item.*name);
    return names;
}

std::vector<std::string> task_names(const RunConfig& config) { return names_of(config.model.tasks, &Task::name); }
std::vector<std::string> branch_names(const RunConfig& config) {
    return names_of(config.model.branches, &BranchOptions::name);
}
std::vector<std::string> set_names(const std::vector<DatasetOptions>& sets) {
    return names_of(sets, &DatasetOptions::name);
}

TEST(RunConfig, EveryFileInConfigsLoads) {
    int count = 0;
    for (const auto& item : std::filesystem::directory_iterator(std::string(BANYAN_SOURCE_DIR) + "/configs")) {
        if (item.path().extension() != ".json") continue;
        EXPECT_NO_THROW(load_run_config(item.path().string())) << item.path();
        ++count;
    }
    EXPECT_GT(count, 0);
}

TEST(RunConfig, PeopleHoldsFiveTasksOnFiveDataSets) {
    const RunConfig config = load_run_config(kPeople);
    EXPECT_THAT(task_names(config), ElementsAre("person", "head", "torso", "face", "hand"));
    EXPECT_EQ(branch_names(config), task_names(config));
    EXPECT_THAT(set_names(config.datasets), ElementsAre("coco128", "coco_tiny", "safety_vest", "masks", "hands"));
    EXPECT_EQ(set_names(config.validation), set_names(config.datasets));
    EXPECT_EQ(config.datasets[0].ratio, 3);
    EXPECT_EQ(config.train.optimizer, OptimizerKind::adamw);
    EXPECT_THAT(config.train.pretrained, HasSubstr("mobilenet_v2"));
    for (std::size_t i = 0; i < config.datasets.size(); ++i) {
        EXPECT_NE(config.datasets[i].split, config.validation[i].split); // never judge on what was trained on
    }
}

TEST(RunConfig, TheEffectiveTextReadsBackToItself) {
    const RunConfig config = load_run_config(kPeople, {"/train/lr=0.01"});
    const RunConfig again = run_config_from_text(config.effective, "/elsewhere/config.json");
    EXPECT_EQ(again.effective, config.effective);
    EXPECT_EQ(again.train.lr, 0.01);
    for (const char* key : {"\"weight_decay\"", "\"batch_size\"", "\"top_k\"", "\"score_threshold\""}) {
        EXPECT_THAT(config.effective, HasSubstr(key)); // defaults are written out
    }
}

TEST(RunConfig, SamplingKnowsTheBranches) {
    const RunConfig config = load_run_config(
        kPeople, {"/sampling={\"branch_minimum\": 2, \"temperature\": 3}", "/train/trunk_norm=dataset"});
    const SamplingOptions& sampling = config.loader.sampling;
    EXPECT_EQ(sampling.branch_minimum, 2);
    EXPECT_EQ(sampling.temperature, 3);
    EXPECT_EQ(config.train.trunk_norm, TrunkNorm::dataset);
    EXPECT_EQ(names_of(sampling.branches, &SampledBranch::name), branch_names(config));
    EXPECT_THAT(sampling.branches[3].classes, ElementsAre(3));
    const RunConfig cut = restrict_to_tasks(config, {"torso", "hand"});
    EXPECT_THAT(names_of(cut.loader.sampling.branches, &SampledBranch::name), ElementsAre("torso", "hand"));
    EXPECT_THAT(cut.loader.sampling.branches[1].classes, ElementsAre(1));
    EXPECT_EQ(run_config_from_text(cut.effective, "cut.json").loader.sampling.branch_minimum, 2);
}

TEST(RunConfig, OverridesReachEverySection) {
    const RunConfig config = load_run_config(
        kPeople, {"/train/lr=0.25", "/train/unlabelled=background", "/train/trunk_norm=batch", "/train/seed=7",
                  "/loader/batch_size=3", "/model/input_side=256", "/train/optimizer=sgd", "/train/precision=bf16"});
    EXPECT_EQ(config.train.lr, 0.25);
    EXPECT_EQ(config.train.unlabelled, Unlabelled::background);
    EXPECT_EQ(config.train.trunk_norm, TrunkNorm::batch);
    EXPECT_EQ(config.train.optimizer, OptimizerKind::sgd);
    EXPECT_EQ(config.train.precision, Precision::bf16);
    EXPECT_EQ(config.loader.batch_size, 3);
    EXPECT_EQ(config.loader.seed, 7U); // one seed for the run
    EXPECT_EQ(config.model.input_side, 256);
}

TEST(RunConfig, RefusesTyposWithTheNearestWord) {
    const auto refused = [](const std::string& override_text, const std::vector<std::string>& words) {
        expect_error<ConfigError>([&] { load_run_config(kPeople, {override_text}); }, words);
    };
    refused("/train/weight_decai=0.1", {"/train/weight_decai", "unknown key", "\"weight_decay\""});
    refused("/loader/batchsize=0.1", {"/loader/batchsize", "unknown key", "\"batch_size\""});
    refused("/modell=1", {"/modell", "\"model\""});
    refused("/train/optimizer=adam", {"/train/optimizer", "adamw"});
    refused("/train/steps=0", {"/train/steps", "1"});
    refused("/train/steps=1.5", {"/train/steps", "integer"});
    refused("/train/lr=\"high\"", {"/train/lr", "number"});
    refused("/schema_version=2", {"/schema_version", "1"});
}

TEST(RunConfig, ReadsBalancingClippingAndTheCareForNumbers) {
    const TrainOptions plain = load_run_config(kPeople).train;
    EXPECT_EQ(plain.balance.method, BalanceMethod::fixed);
    EXPECT_EQ(plain.clip, ClipScope::global);
    EXPECT_EQ(plain.non_finite, NonFinitePolicy::stop);
    EXPECT_EQ(plain.conflict_every, 0);
    const TrainOptions options =
        load_run_config(kPeople, {R"(/train/balance={"method": "gradnorm", "lr": 0.025, "alpha": 0.5, "window": 7,
                                                    "temperature": 3})",
                                  "/train/clip=branch", "/train/conflict_every=50", "/train/non_finite=skip",
                                  "/train/non_finite_limit=4"})
            .train;
    EXPECT_EQ(options.balance.method, BalanceMethod::gradnorm);
    EXPECT_EQ(options.balance.lr, 0.025);
    EXPECT_EQ(options.balance.alpha, 0.5);
    EXPECT_EQ(options.balance.window, 7);
    EXPECT_EQ(options.balance.temperature, 3);
    EXPECT_EQ(options.clip, ClipScope::branch);
    EXPECT_EQ(options.conflict_every, 50);
    EXPECT_EQ(options.non_finite, NonFinitePolicy::skip);
    EXPECT_EQ(options.non_finite_limit, 4);
    expect_error<ConfigError>([] { load_run_config(kPeople, {R"(/train/balance={"method": "dva"})"}); },
                              {"/train/balance/method", "dwa"});
    expect_error<ConfigError>([] { load_run_config(kPeople, {R"(/train/balance={"alfa": 1})"}); },
                              {"/train/balance/alfa", "\"alpha\""});
}

TEST(RunConfig, NeedsItsSchemaVersion) {
    expect_error<ConfigError>([] { run_config_from_text("{}", "a.json"); }, {"a.json", "schema_version"});
}

TEST(RunConfig, FrozenNormsNeedPretrainedWeights) {
    expect_error<ConfigError>([] { load_run_config(kPeople, {"/train/pretrained="}); },
                              {"/train/trunk_norm", "pretrained", "\"batch\""});
    EXPECT_NO_THROW(load_run_config(kPeople, {"/train/pretrained=", "/train/trunk_norm=batch"}));
}

TEST(RestrictToTasks, LeavesTheirBranchesAndDataSets) {
    const RunConfig config = restrict_to_tasks(load_run_config(kPeople), {"face", "torso"});
    EXPECT_THAT(task_names(config), ElementsAre("torso", "face")); // in the config's order
    EXPECT_THAT(branch_names(config), ElementsAre("torso", "face"));
    EXPECT_THAT(set_names(config.datasets), ElementsAre("safety_vest", "masks"));
    EXPECT_THAT(set_names(config.validation), ElementsAre("safety_vest", "masks"));
    EXPECT_EQ(config.datasets[0].classes.size(), 2U); // no helmets
    EXPECT_NO_THROW(validate(config.model, "restricted"));
}

TEST(RestrictToTasks, CutsTasksOutOfAMergedBranch) {
    const test::TinyData data;
    RunConfig config = data.config(R"("steps": 1, )");
    config.model.branches[0].tasks = {"red", "blue"};
    config.model.branches.pop_back();
    config = restrict_to_tasks(config, {"blue"});
    EXPECT_THAT(branch_names(config), ElementsAre("red"));
    EXPECT_THAT(config.model.branches[0].tasks, ElementsAre("blue"));
    EXPECT_TRUE(config.validation.empty()); // labels red only
}

TEST(RestrictToTasks, IsPartOfTheEffectiveConfig) {
    const RunConfig whole = load_run_config(kPeople);
    EXPECT_NE(restrict_to_tasks(whole, {"face"}).effective, whole.effective);
    EXPECT_EQ(restrict_to_tasks(whole, task_names(whole)).effective, whole.effective);
}

TEST(RestrictToTasks, TurnsFlipsOffWhereAPairLosesOneClass) {
    const RunConfig whole = load_run_config(kPeople, {R"(/transforms={"flip_pairs": [["face", "hand"]]})"});
    const RunConfig both = restrict_to_tasks(whole, {"face", "hand"});
    EXPECT_EQ(both.transforms.mirrored_class, (std::vector<int>{1, 0}));
    const RunConfig one = restrict_to_tasks(whole, {"person", "hand"});
    EXPECT_EQ(one.transforms.flip, 0);
    const RunConfig again = run_config_from_text(one.effective, "restricted.json");
    EXPECT_EQ(again.transforms.flip, 0);
    EXPECT_TRUE(again.transforms.mirrored_class.empty());
}

TEST(RestrictToTasks, RefusesUnknownTasks) {
    expect_error<UsageError>(
        [] {
            restrict_to_tasks(load_run_config(kPeople), {"face", "foot"});
        },
        {"--tasks", "\"foot\"", "person, head, torso, face, hand"});
}

TEST(DatasetsFor, CutsClassMapsAndStates) {
    DatasetOptions both, none;
    both.name = "both";
    both.classes = {{"a", "face"}, {"b", "hand"}, {"c", "face"}};
    both.labels = {{"foot", LabelState::absent}, {"face", LabelState::partial}};
    none.classes = {{"b", "hand"}};
    const std::vector<DatasetOptions> cut =
        datasets_for({both, none}, ClassTable(std::vector<Task>{{"face", {"face"}}}));
    ASSERT_EQ(cut.size(), 1U);
    EXPECT_EQ(cut[0].classes.size(), 2U);
    EXPECT_EQ(cut[0].labels.size(), 1U);
}

TEST(DatasetsFor, KeepsWhatListsAndRulesNeed) {
    DatasetOptions people, rule_only;
    people.name = "people";
    people.classes = {{"a", "person"}, {"b", "face"}};
    people.absent_without = {{"person", {"face", "hand"}}};
    people.other_classes = {"foot"};
    rule_only.classes = {{"a", "person"}};
    rule_only.absent_without = {{"person", {"face"}}};
    const std::vector<DatasetOptions> cut =
        datasets_for({people, rule_only}, ClassTable(std::vector<Task>{{"face", {"face"}}}));
    ASSERT_EQ(cut.size(), 1U);
    EXPECT_EQ(cut[0].classes, people.classes);
    EXPECT_THAT(cut[0].other_classes, ElementsAre("foot", "person", "hand"));
}

TEST(RestrictToTasks, NamesTheClassesThatListsMayStillUse) {
    const RunConfig config = restrict_to_tasks(load_run_config(kPeople), {"person"});
    EXPECT_THAT(set_names(config.datasets), ElementsAre("coco128", "coco_tiny"));
    EXPECT_THAT(config.datasets[0].other_classes, ElementsAre("head", "torso", "face", "hand"));
    EXPECT_EQ(config.datasets[0].absent_without.size(), 1U);
    const RunConfig again = run_config_from_text(config.effective, "restricted.json");
    EXPECT_EQ(again.datasets[0].other_classes, config.datasets[0].other_classes);
    EXPECT_EQ(again.effective, config.effective);
}

TEST(RestrictToTasks, LetsListsNameWhatTheWholeRunHas) {
    const test::TinyData data;
    data.dir().write("blues/states.csv", "image,class,state\nimages/p0.png,red,absent\nimages/p1.png,blue,partial\n");
    const RunConfig whole = data.config("", {R"(/datasets/1/image_labels="states.csv")"});
    const RunConfig config = restrict_to_tasks(whole, {"blue"});
    ASSERT_EQ(config.datasets.size(), 1U);
    EXPECT_THAT(config.datasets[0].other_classes, ElementsAre("red"));
    const Dataset blues = load_dataset(config.datasets[0], ClassTable(config.model.tasks));
    EXPECT_THAT(blues.record(1).labels.states, ElementsAre(LabelState::partial));
}

TEST(WithOtherClasses, LoadsPicturesOfWhichTheTableKnowsNothing) {
    const test::TinyData data;
    const ClassTable table(std::vector<Task>{{"face", {"face"}}});
    const Dataset reds = load_dataset(with_other_classes(data.config().datasets[0], table), table);
    EXPECT_EQ(reds.size(), 6U);
    EXPECT_THAT(reds.record(0).labels.states, ElementsAre(LabelState::unknown));
    EXPECT_TRUE(reds.record(0).labels.boxes.empty());
}

TEST(DatasetList, IsReadFromTrainingConfigsAndFromPlainLists) {
    EXPECT_EQ(load_dataset_list(kPeople, "validation").size(), 5U);
    const TempDir dir;
    const std::string plain = dir.write("sets.json", R"({"datasets": [{"name": "a", "format": "yolo", "root": "x",
        "classes": {"*": "hand"}}]})");
    const std::vector<DatasetOptions> sets = load_dataset_list(plain, "datasets");
    ASSERT_EQ(sets.size(), 1U);
    EXPECT_EQ(sets[0].root, dir.file("x"));
    expect_error<ConfigError>([&] { load_dataset_list(plain, "validation"); }, {plain, "validation"});
}

TEST(Precision, FollowsTheConfigOrTheProcessor) {
    EXPECT_TRUE(use_bf16(Precision::bf16));
    EXPECT_FALSE(use_bf16(Precision::fp32));
}

} // namespace
} // namespace banyan
