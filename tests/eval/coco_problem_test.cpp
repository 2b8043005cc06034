#include "eval/coco_problem.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "small_problem.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

TEST(CocoProblem, SetsJudgementsInRangeOnly) {
    CocoProblem problem = test::empty_problem(2, 1);
    EXPECT_EQ(problem.judgement(1, 0), CocoJudgement::judged);
    problem.set_judgement(1, 0, CocoJudgement::partial);
    EXPECT_EQ(problem.judgement(1, 0), CocoJudgement::partial);
    EXPECT_EQ(problem.judgement(0, 0), CocoJudgement::judged);
    expect_error<CheckError>([&] { problem.set_judgement(0, 1, CocoJudgement::partial); }, {"category 1"});
    expect_error<CheckError>([&] { problem.set_judgement(2, 0, CocoJudgement::partial); }, {"image 2"});
    problem.images.push_back({3});
    expect_error<CheckError>([&] { problem.set_judgement(2, 0, CocoJudgement::partial); },
                             {"image 2", "first judgement"});
}

} // namespace
} // namespace banyan
