#include "eval/coco_writer.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/random.h"
#include "eval/coco_files.h"
#include "eval/coco_metrics.h"
#include "small_problem.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

using test::annotate;
using test::detect;
using test::empty_problem;
using Numbers = std::vector<double>;

/// All that can be said of labels, at random: what each class is in each image, objects, boxes and polygons to ignore.
CocoProblem random_truth(std::uint64_t seed) {
    Random random(seed);
    CocoProblem problem = empty_problem(8, 4);
    problem.images[3].file_name = "set/3.jpg";
    problem.categories[1].task = problem.categories[2].task = "pair";
    for (std::int32_t image = 0; image < 8; ++image) {
        for (std::int32_t category = 0; category < 4; ++category) {
            problem.set_judgement(static_cast<std::size_t>(image), static_cast<std::size_t>(category),
                                  static_cast<CocoJudgement>(random.integer(0, 2)));
            const CocoBox box{random.uniform(0, 100), random.uniform(0, 100), 30 / 7.0, random.uniform(1, 50)};
            if (random.chance(0.5)) annotate(problem, image, category, box);
            if (random.chance(0.2)) problem.add_ignore_region(image, category, box);
            const auto x = static_cast<float>(random.uniform(0, 50));
            if (random.chance(0.2)) problem.add_ignore_region(image, category, Polygon({{x, 1}, {90, x}, {x / 3, 80}}));
            detect(problem, image, category, box, random.uniform());
            detect(problem, image, category, {x, x, 20, 20}, random.uniform());
        }
    }
    return problem;
}

TEST(CocoGroundTruthJson, KeepsWhatEveryImageJudges) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const CocoProblem problem = random_truth(seed);
        CocoProblem read = parse_coco_ground_truth(coco_ground_truth_json(problem), "gt.json");
        EXPECT_EQ(read.judgements, problem.judgements) << seed;
        EXPECT_EQ(read.images[3].file_name, "set/3.jpg");
        parse_coco_detections(coco_predictions_json(problem), "dt.json", read);
        const CocoResult before = evaluate_coco(problem), after = evaluate_coco(read);
        for (std::size_t k = 0; k < 4; ++k) {
            EXPECT_EQ(after.per_class[k].stats.values, before.per_class[k].stats.values) << seed;
            EXPECT_EQ(after.per_class[k].counts.ignored_50, before.per_class[k].counts.ignored_50) << seed;
            EXPECT_EQ(after.per_class[k].counts.ignore_regions, before.per_class[k].counts.ignore_regions) << seed;
            EXPECT_EQ(after.per_class[k].counts.images, before.per_class[k].counts.images) << seed;
            EXPECT_EQ(read.categories[k].task, problem.categories[k].task);
        }
    }
}

TEST(CocoGroundTruthJson, WritesPolygonsBesideTheirBounds) {
    CocoProblem problem = empty_problem(1, 1);
    problem.add_ignore_region(0, 0, Polygon({{1, 2}, {5, 2}, {1, 8}}));
    problem.add_ignore_region(0, 0, CocoBox{1, 2, 3, 4});
    const auto file = nlohmann::json::parse(coco_ground_truth_json(problem));
    const auto& polygon = file["annotations"][0];
    EXPECT_EQ(polygon["ignore_polygon"].get<Numbers>(), (Numbers{1, 2, 5, 2, 1, 8}));
    EXPECT_EQ(polygon["bbox"].get<Numbers>(), (Numbers{1, 2, 4, 6}));
    EXPECT_EQ(polygon["area"], 12);
    EXPECT_EQ(polygon["iscrowd"], 1);
    EXPECT_FALSE(file["annotations"][1].contains("ignore_polygon"));
    EXPECT_FALSE(file["categories"][0].contains("task"));
}

TEST(CocoGroundTruth, RefusesPolygonsOfTooFewCorners) {
    const auto text = [](const std::string& polygon) {
        return R"({"images": [{"id": 1}], "categories": [{"id": 1, "name": "a"}], "annotations": [{"id": 1,
                  "image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "area": 1, "iscrowd": 1, "ignore_polygon": )" +
               polygon + "}]}";
    };
    EXPECT_EQ(parse_coco_ground_truth(text("[0, 0, 1, 0, 1, 1]"), "gt.json").annotations[0].outline.corners.size(), 3U);
    for (const char* bad : {"[]", "[0, 0, 1, 0]", "[0, 0, 1, 0, 1, 1, 2]"}) {
        expect_error<DataError>([&] { parse_coco_ground_truth(text(bad), "gt.json"); },
                                {"gt.json:/annotations/0/ignore_polygon", "three corners"});
    }
    expect_error<DataError>([&] { parse_coco_ground_truth(text("[0, 0, 1, 0, 1, 1e300]"), "gt.json"); },
                            {"ignore_polygon/5", "out of range"});
}

} // namespace
} // namespace banyan
