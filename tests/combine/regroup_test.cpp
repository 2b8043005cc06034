#include "combine/regroup.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "network/model_config.h"
#include "support/expect_error.h"

namespace banyan::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kConfig = R"({
  "schema_version": 1,
  "tasks": [{"name": "person"}, {"name": "head", "classes": ["bare", "helmet"]}, {"name": "hand"}],
  "model": {
    "branches": [
      {"name": "big", "tasks": ["person"], "head": {"width": 64}},
      {"name": "small", "tasks": ["head", "hand"], "head": {"width": 32}, "loss": {"weight": 2}}
    ]
  },
  "datasets": [{"name": "all", "format": "coco", "root": "data", "annotations": "a.json",
                "classes": {"p": "person", "b": "bare", "h": "helmet", "x": "hand"}}],
  "train": {"trunk_norm": "batch"}
})";

RunConfig config() { return run_config_from_text(kConfig, "base.json"); }

TEST(Regrouped, GivesABranchForEachGroup) {
    const ModelOptions model = regrouped(config().model, {{{"hand"}, {"head", "person"}}});
    ASSERT_EQ(model.branches.size(), 2U);
    EXPECT_EQ(model.branches[0].name, "person+head");
    EXPECT_THAT(model.branches[0].tasks, ElementsAre("person", "head"));
    EXPECT_EQ(model.branches[0].head.width, 64) << "the first task's branch was the big one";
    EXPECT_EQ(model.branches[1].name, "hand");
    EXPECT_EQ(model.branches[1].head.width, 32);
    EXPECT_EQ(model.branches[1].loss.weight, 2);
    EXPECT_EQ(plan_of(model), (MergePlan{{{"person", "head"}, {"hand"}}}));
}

TEST(Regrouped, ChangesAWholeRunAlike) {
    const MergePlan plan{{{"person", "hand"}, {"head"}}};
    const RunConfig changed = regrouped(config(), plan);
    EXPECT_EQ(to_json(changed.model), to_json(regrouped(config().model, plan)));
    ASSERT_EQ(changed.loader.sampling.branches.size(), 2U);
    EXPECT_EQ(changed.loader.sampling.branches[0].name, "person+hand");
    EXPECT_EQ(run_config_from_text(changed.effective, "again").effective, changed.effective);
    EXPECT_THAT(changed.effective, HasSubstr("\"root\": \"/"));
}

TEST(Regrouped, SetsBoxOutputsOfMergedBranchesOnly) {
    const RunConfig changed = regrouped(config(), {{{"person", "hand"}, {"head"}}}, "per_task");
    EXPECT_EQ(changed.model.branches[0].head.boxes, BoxOutputs::per_task);
    EXPECT_EQ(changed.model.branches[1].head.boxes, BoxOutputs::shared);
}

TEST(Regrouped, RefusesPlansOfOtherTasks) {
    expect_error<UsageError>(
        [] {
            regrouped(config(), {{{"person"}, {"head"}, {"foot"}}});
        },
        {"\"foot\" is no task", "\"hand\" is missing"});
}

} // namespace
} // namespace banyan::test
