#include "eval/coco_report.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace banyan {
namespace {

using testing::HasSubstr;
using testing::Not;

CocoResult sample_result() {
    CocoResult result;
    CocoClassResult dog;
    dog.name = "dog \"\\\n\xC3\xA9";
    dog.id = 18;
    for (std::size_t i = 0; i < kCocoStats; ++i) dog.stats.values[i] = 1.0 / (3 + static_cast<double>(i));
    dog.stats.values[3] = -1;
    dog.counts.images = 1;
    dog.counts.ground_truth = 2;
    dog.counts.ignore_regions = 3;
    dog.counts.detections = 4;
    dog.counts.true_positives_50 = 5;
    dog.counts.false_positives_50 = 6;
    dog.counts.ignored_50 = 7;
    dog.counts.unjudged_detections = 8;
    dog.counts.unjudged_annotations = 9;
    CocoClassResult cat;
    cat.name = "cat";
    cat.stats.values.fill(0.1 + 0.2);
    result.per_class = {dog, cat};
    result.stats = dog.stats;
    result.seconds = {0.125, 1e-7, 2.0 / 3};
    return result;
}

TEST(CocoReportJson, KeepsEveryDigit) {
    const CocoResult result = sample_result();
    const auto report = nlohmann::json::parse(coco_report_json(result));
    ASSERT_EQ(report["stats"].size(), kCocoStats);
    for (std::size_t i = 0; i < kCocoStats; ++i) {
        EXPECT_EQ(report["stats"][i].get<double>(), result.stats.values[i]);
        EXPECT_EQ(report["per_class"]["cat"][kCocoStatNames[i]].get<double>(), 0.1 + 0.2);
    }
    EXPECT_EQ(report["seconds"]["load"].get<double>(), 0.125);
    EXPECT_EQ(report["seconds"]["match"].get<double>(), 1e-7);
    EXPECT_EQ(report["seconds"]["accumulate"].get<double>(), 2.0 / 3);
}

TEST(CocoReportJson, GivesTheTalliesOfAClass) {
    const CocoResult result = sample_result();
    const auto report = nlohmann::json::parse(coco_report_json(result));
    const auto& dog = report["per_class"][result.per_class[0].name];
    EXPECT_EQ(dog["category_id"], 18);
    EXPECT_EQ(dog["ap_small"], -1);
    int expected = 1;
    for (const char* name : {"images", "ground_truth", "ignore_regions", "detections", "true_positives_50",
                             "false_positives_50", "ignored_50", "unjudged_detections", "unjudged_annotations"}) {
        EXPECT_EQ(dog[name], expected++) << name;
    }
}

TEST(CocoReportJson, IsOneLineAlsoWithoutClasses) {
    CocoResult result;
    result.stats.values.fill(-1);
    const std::string text = coco_report_json(result);
    EXPECT_EQ(text.find('\n'), text.size() - 1);
    EXPECT_TRUE(nlohmann::json::parse(text)["per_class"].empty());
}

TEST(CocoReportTable, ShowsPercentAndDashes) {
    CocoResult result = sample_result();
    result.per_class[0].name = "dog";
    const std::string table = coco_report_table(result);
    EXPECT_THAT(table, HasSubstr("class        ap      ap50      ap75"));
    EXPECT_THAT(table, HasSubstr("dog        33.3      25.0      20.0         -      14.3"));
    EXPECT_THAT(table, HasSubstr("cat        30.0"));
    EXPECT_THAT(table, HasSubstr("mean       33.3"));
    EXPECT_THAT(table, HasSubstr("in images that do not label their class: 8\n"));
    EXPECT_THAT(table, Not(HasSubstr("id 0")));
}

TEST(CocoReportTable, RemarksOnWhatWasLeftOut) {
    CocoResult result;
    result.unknown_category_detections = 12;
    result.zero_id_annotations = 1;
    const std::string table = coco_report_table(result);
    EXPECT_THAT(table, HasSubstr("of categories that the ground truth lacks: 12\n"));
    EXPECT_THAT(table, HasSubstr("as in pycocotools (number from 1): 1\n"));
}

} // namespace
} // namespace banyan
