// Whole runs whose numbers grow until they overflow.

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "support/expect_error.h"
#include "train/tiny_run.h"
#include "train/trainer.h"

namespace banyan {
namespace {

namespace fs = std::filesystem;

/// Each step multiplies the weights by 1 - lr * weight_decay = -9.
constexpr const char* kDiverging =
    R"("steps": 60, "lr": 10, "weight_decay": 1, "clip_norm": 0, "conflict_every": 1, "backbone_lr_scale": 1, )";

class NonFiniteRun : public testing::Test {
protected:
    std::vector<std::string> dumps() const {
        std::vector<std::string> found;
        for (const auto& item : fs::directory_iterator(data_.file("run"))) {
            const std::string name = item.path().filename().string();
            if (name.starts_with("nonfinite-")) found.push_back(item.path().string());
        }
        return found;
    }
    test::TinyData data_;
};

TEST_F(NonFiniteRun, StopsAtTheFirstStepAndKeepsItsBatch) {
    expect_error<NumericError>([&] { train(data_.config(kDiverging), data_.file("run"), false); },
                               {"step ", "is not finite", "(" + data_.file(""), "nonfinite-"});
    ASSERT_EQ(dumps().size(), 1U);
    EXPECT_TRUE(fs::exists(dumps()[0] + "/batch.json"));
    EXPECT_TRUE(fs::exists(dumps()[0] + "/row-03.png")); // a batch of four
    EXPECT_TRUE(fs::exists(data_.file("run/metrics.jsonl")));
}

TEST_F(NonFiniteRun, SkipsAsOftenInARowAsItMay) {
    const std::string skipping = std::string(kDiverging) + R"("non_finite": "skip", "non_finite_limit": 4, )";
    expect_error<NumericError>([&] { train(data_.config(skipping), data_.file("run"), false); },
                               {"is not finite", "4 times in a row"});
    EXPECT_EQ(dumps().size(), 4U);
    const std::string log = read_file(data_.file("run/run.log"));
    for (const char* text : {"skipped, 1 so far", "skipped, 3 so far"}) EXPECT_THAT(log, testing::HasSubstr(text));
    EXPECT_THAT(read_file(data_.file("run/metrics.jsonl")), testing::HasSubstr("\"skipped\":3"));
}

} // namespace
} // namespace banyan
