#include "eval/coco_renumber.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "small_problem.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

using test::detect;
using test::empty_problem;

CocoProblem named_problem(const std::vector<std::string>& images, const std::vector<std::string>& categories) {
    CocoProblem problem = empty_problem(images.size(), categories.size());
    for (std::size_t i = 0; i < images.size(); ++i) problem.images[i].file_name = images[i];
    for (std::size_t i = 0; i < categories.size(); ++i) problem.categories[i].name = categories[i];
    return problem;
}

TEST(RenumberDetections, FindsImagesAndCategoriesByName) {
    CocoProblem single = named_problem({"set/c", "set/a"}, {"hat", "vest"});
    detect(single, 0, 1, {1, 2, 3, 4}, 0.5);
    detect(single, 1, 1, {5, 6, 7, 8}, 0.25);
    detect(single, 1, 0, {0, 0, 1, 1}, 0.75);
    const RenumberedDetections result =
        renumber_detections(single, named_problem({"set/a", "set/b", "set/c"}, {"face", "x", "vest"}), "gt.json");
    EXPECT_EQ(result.other_classes, 1U);
    EXPECT_EQ(result.problem.images.size(), 3U);
    ASSERT_EQ(result.problem.detections.size(), 2U);
    EXPECT_EQ(result.problem.detections[0].image, 2);
    EXPECT_EQ(result.problem.detections[0].category, 2);
    EXPECT_EQ(result.problem.detections[0].box, (CocoBox{1, 2, 3, 4}));
    EXPECT_EQ(result.problem.detections[1].image, 0);
    EXPECT_EQ(result.problem.detections[1].score, 0.25);
}

TEST(RenumberDetections, RefusesImagesThatAreMissingOrNotTold) {
    const CocoProblem single = named_problem({"a"}, {"x"});
    expect_error<DataError>([&] { renumber_detections(single, named_problem({"b"}, {"x"}), "gt.json"); },
                            {"gt.json:/images", "no \"a\"", "same split"});
    expect_error<DataError>(
        [&] {
            renumber_detections(single, named_problem({"a", "a"}, {"x"}), "gt.json");
        },
        {"gt.json:/images", "\"a\" twice"});
}

} // namespace
} // namespace banyan
