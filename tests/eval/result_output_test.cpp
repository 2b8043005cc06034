#include "eval/result_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/small_report.h"

namespace banyan {
namespace {

using test::small_report;
using testing::HasSubstr;

TEST(EvalReport, MeansLeaveOutTasksWithoutGroundTruth) {
    EXPECT_DOUBLE_EQ(small_report().mean(CocoStat::ap), 0.5);
    EXPECT_EQ(EvalReport().mean(CocoStat::ap), -1); // nothing was judged
}

TEST(EvalReport, IsWrittenAsStrictJson) {
    const std::string text = eval_json(small_report());
    for (const char* part :
         {"\"face\":{\"ap\":0.25", "\"mean\":{\"ap\":0.5", "\"images\":7", "\"unjudged_detections\":0",
          "\"detections\":{\"judged\":5,\"ignored\":2,\"unjudged\":9}", "\"classes\":{\"hand\":{"}) {
        EXPECT_THAT(text, HasSubstr(part));
    }
}

TEST(EvalReport, IsShownAsATable) {
    const std::string table = eval_table(small_report());
    EXPECT_THAT(table, HasSubstr("task"));
    EXPECT_THAT(
        table, HasSubstr("face               0.250   0.250   0.250   0.250         3         5         2         9\n"));
    EXPECT_THAT(table, HasSubstr("mean               0.500   0.500   0.500   0.500         7\n"));
}

} // namespace
} // namespace banyan
