// Parity with pycocotools (tests/golden/coco_eval.json) and, where images label a part of the classes only, with
// hotcoco's LVIS evaluation (coco_eval_federated.json). scripts/golden/coco_eval.py writes both.
#include <algorithm>
#include <array>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "eval/coco_files.h"
#include "eval/coco_metrics.h"

namespace banyan {
namespace {

using nlohmann::json;

constexpr double kTolerance = 1e-9;
constexpr std::size_t kCurvePoints = 11;

json read_golden(const std::string& name) {
    return json::parse(std::ifstream(BANYAN_SOURCE_DIR "/tests/golden/" + name));
}

const json& golden() {
    static const json document = read_golden("coco_eval.json");
    return document;
}

json box_of(const json& row, std::size_t first) { return {row[first], row[first + 1], row[first + 2], row[first + 3]}; }

json labelled_images(const json& rows) {
    json images = json::array();
    for (const json& row : rows) {
        images.push_back({{"id", row[0]}, {"neg_category_ids", row[1]}, {"not_exhaustive_category_ids", row[2]}});
    }
    return images;
}

/// The fixture's rows as a file of COCO's.
CocoProblem problem_of(const json& fixture) {
    json truth = {{"images", json::array()}, {"categories", json::array()}, {"annotations", json::array()}};
    for (const json& id : fixture["images"]) truth["images"].push_back({{"id", id}});
    if (fixture.contains("labels")) truth["images"] = labelled_images(fixture["labels"]);
    for (const json& id : fixture["categories"]) {
        truth["categories"].push_back({{"id", id}, {"name", "class " + id.dump()}});
    }
    for (const json& row : fixture["annotations"]) {
        truth["annotations"].push_back({{"id", row[0]},
                                        {"image_id", row[1]},
                                        {"category_id", row[2]},
                                        {"bbox", box_of(row, 3)},
                                        {"area", row[7]},
                                        {"iscrowd", row[8]}});
    }
    json detections = json::array();
    for (const json& row : fixture["detections"]) {
        detections.push_back(
            {{"image_id", row[0]}, {"category_id", row[1]}, {"bbox", box_of(row, 2)}, {"score", row[6]}});
    }
    CocoProblem problem = parse_coco_ground_truth(truth.dump(), "truth");
    parse_coco_detections(detections.dump(), "detections", problem);
    return problem;
}

void expect_stats(const json& expected, const CocoStats& found, const std::string& where) {
    ASSERT_EQ(expected.size(), kCocoStats);
    for (std::size_t i = 0; i < kCocoStats; ++i) {
        EXPECT_NEAR(found.values[i], expected[i].get<double>(), kTolerance) << where << " " << kCocoStatNames[i];
    }
}

void expect_curve(const json& expected, const std::array<double, kCocoRecallPoints>& found, const std::string& where) {
    ASSERT_EQ(expected.size(), kCurvePoints);
    for (std::size_t i = 0; i < kCurvePoints; ++i) {
        EXPECT_NEAR(found[i * 10], expected[i].get<double>(), kTolerance) << where << " at recall " << i << "/10";
    }
}

void expect_equal(const json& expected, const CocoResult& found) {
    expect_stats(expected["stats"], found.stats, "all");
    ASSERT_EQ(expected["per_class"].size(), found.per_class.size());
    for (const CocoClassResult& of_class : found.per_class) {
        const json& of_golden = expected["per_class"][std::to_string(of_class.id)];
        expect_stats(of_golden["stats"], of_class.stats, of_class.name);
        expect_curve(of_golden["precision_at_50"], of_class.precision_at_50, of_class.name + ": precision");
        expect_curve(of_golden["score_at_50"], of_class.score_at_50, of_class.name + ": score");
    }
}

TEST(CocoGolden, HasVariedFixtures) {
    EXPECT_EQ(golden()["tool"], "pycocotools");
    EXPECT_GE(golden()["fixtures"].size(), 20U);
}

TEST(CocoGolden, EqualsPycocotools) {
    for (const json& fixture : golden()["fixtures"]) {
        SCOPED_TRACE(fixture["name"].get<std::string>());
        expect_equal(fixture["expected"], evaluate_coco(problem_of(fixture)));
    }
}

TEST(CocoGolden, DoesNotDependOnTheOrderOfAnnotationsOfOtherImages) {
    for (const json& fixture : golden()["fixtures"]) {
        SCOPED_TRACE(fixture["name"].get<std::string>());
        CocoProblem problem = problem_of(fixture);
        std::stable_sort(problem.annotations.begin(), problem.annotations.end(),
                         [](const auto& a, const auto& b) { return a.image > b.image; });
        std::stable_sort(problem.detections.begin(), problem.detections.end(),
                         [](const auto& a, const auto& b) { return a.image > b.image; });
        expect_equal(fixture["expected"], evaluate_coco(problem));
    }
}

TEST(CocoGolden, EqualsLvisWhereImagesLabelAPartOfTheClasses) {
    constexpr std::array kStats = {CocoStat::ap,        CocoStat::ap50,     CocoStat::ap75,  CocoStat::ap_small,
                                   CocoStat::ap_medium, CocoStat::ap_large, CocoStat::ar100, CocoStat::ar_small,
                                   CocoStat::ar_medium, CocoStat::ar_large};
    const json document = read_golden("coco_eval_federated.json");
    ASSERT_GE(document["fixtures"].size(), 5U);
    for (const json& fixture : document["fixtures"]) {
        SCOPED_TRACE(fixture["name"].get<std::string>());
        const CocoResult found = evaluate_coco(problem_of(fixture));
        const json& expected = fixture["expected"];
        ASSERT_EQ(expected["stats"].size(), kStats.size());
        for (std::size_t i = 0; i < kStats.size(); ++i) {
            EXPECT_NEAR(found.stats[kStats[i]], expected["stats"][i].get<double>(), kTolerance) << i;
        }
        for (const CocoClassResult& of_class : found.per_class) {
            const double ap = expected["per_class"][std::to_string(of_class.id)].get<double>();
            EXPECT_NEAR(of_class.stats[CocoStat::ap], ap, kTolerance) << of_class.name;
        }
    }
}

} // namespace
} // namespace banyan
