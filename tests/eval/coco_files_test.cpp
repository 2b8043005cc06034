#include "eval/coco_files.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "support/shared_data.h"
#include "support/temp_dir.h"

namespace banyan {
namespace {

constexpr const char* kImages = R"([{"id": 30, "file_name": "c.jpg"}, {"id": 10}, {"id": 20}])";
constexpr const char* kCategories = R"([{"id": 7, "name": "dog"}, {"id": 3, "name": "caf\u00e9"}])";
constexpr const char* kAnnotation =
    R"({"id": 5, "image_id": 20, "category_id": 7, "bbox": [1, 2.5, 3, 4], "area": 11, "iscrowd": 1})";

std::string truth_text(const std::string& annotations, const std::string& images = kImages,
                       const std::string& categories = kCategories) {
    return R"({"info": {"x": [1, null]}, "annotations": [)" + annotations + R"(], "images": )" + images +
           R"(, "categories": )" + categories + "}";
}

CocoProblem parse_truth(const std::string& annotations, const std::string& images = kImages,
                        const std::string& categories = kCategories) {
    return parse_coco_ground_truth(truth_text(annotations, images, categories), "gt.json");
}

std::vector<CocoDetection> parse_detections(const std::string& text) {
    CocoProblem problem = parse_truth(kAnnotation);
    parse_coco_detections(text, "dt.json", problem);
    return problem.detections;
}

/// `text` with the first `from` replaced.
std::string with(std::string text, const std::string& from, const std::string& to) {
    const std::size_t place = text.find(from);
    EXPECT_NE(place, std::string::npos) << from;
    return text.replace(place, from.size(), to);
}

void expect_bad_annotation(const std::string& from, const std::string& to, const std::vector<std::string>& words) {
    SCOPED_TRACE(to);
    expect_error<DataError>([&] { parse_truth(with(kAnnotation, from, to)); }, words);
}

void expect_bad_detection(const std::string& from, const std::string& to, const std::vector<std::string>& words) {
    SCOPED_TRACE(to);
    const std::string good = R"({"image_id": 10, "category_id": 3, "bbox": [1, 2, 3, 4], "score": 0.5})";
    expect_error<DataError>([&] { parse_detections("[" + good + ", " + with(good, from, to) + "]"); }, words);
}

TEST(CocoGroundTruth, SortsImagesAndCategoriesById) {
    const CocoProblem problem = parse_truth(kAnnotation);
    ASSERT_EQ(problem.images.size(), 3U);
    EXPECT_EQ(problem.images[0].id, 10);
    EXPECT_EQ(problem.images[2].id, 30);
    ASSERT_EQ(problem.categories.size(), 2U);
    EXPECT_EQ(problem.categories[0].id, 3);
    EXPECT_EQ(problem.categories[0].name, "caf\xC3\xA9");
    EXPECT_EQ(problem.categories[1].name, "dog");
    EXPECT_TRUE(problem.judgements.empty());
}

TEST(CocoGroundTruth, ReadsAnnotations) {
    const CocoProblem problem = parse_truth(kAnnotation);
    ASSERT_EQ(problem.annotations.size(), 1U);
    const CocoAnnotation& annotation = problem.annotations[0];
    EXPECT_EQ(annotation.image, 1);
    EXPECT_EQ(annotation.category, 1);
    EXPECT_EQ(annotation.box, (CocoBox{1, 2.5, 3, 4}));
    EXPECT_EQ(annotation.area, 11);
    EXPECT_TRUE(annotation.crowd);
    EXPECT_FALSE(annotation.zero_id);
}

TEST(CocoGroundTruth, TakesAnAbsentCrowdFlagForNone) {
    EXPECT_FALSE(parse_truth(with(kAnnotation, R"(, "iscrowd": 1)", "")).annotations[0].crowd);
    EXPECT_FALSE(parse_truth(with(kAnnotation, R"("iscrowd": 1)", R"("iscrowd": false)")).annotations[0].crowd);
}

TEST(CocoGroundTruth, MarksTheIdZero) {
    EXPECT_TRUE(parse_truth(with(kAnnotation, R"("id": 5)", R"("id": 0)")).annotations[0].zero_id);
}

TEST(CocoGroundTruth, AcceptsEmptyLists) {
    const CocoProblem problem = parse_truth("", "[]", "[]");
    EXPECT_TRUE(problem.images.empty());
    EXPECT_TRUE(problem.categories.empty());
    EXPECT_TRUE(problem.annotations.empty());
}

TEST(CocoGroundTruth, TakesLabelStatesFromTheKeysOfLvis) {
    const std::string images = R"([{"id": 10, "neg_category_ids": [3]}, {"id": 20, "neg_category_ids": []},
                                   {"id": 30, "not_exhaustive_category_ids": [7]}])";
    const CocoProblem problem = parse_truth(kAnnotation, images); // category 7 is annotated in image 20
    EXPECT_EQ(problem.judgement(0, 0), CocoJudgement::judged);
    EXPECT_EQ(problem.judgement(0, 1), CocoJudgement::unknown);
    EXPECT_EQ(problem.judgement(1, 0), CocoJudgement::unknown);
    EXPECT_EQ(problem.judgement(1, 1), CocoJudgement::judged);
    EXPECT_EQ(problem.judgement(2, 0), CocoJudgement::judged);
    EXPECT_EQ(problem.judgement(2, 1), CocoJudgement::partial);
    expect_error<DataError>([&] { parse_truth(kAnnotation, R"([{"id": 20, "neg_category_ids": [4]}])"); },
                            {"gt.json:/images/0/neg_category_ids", "unknown id", "found 4"});
}

TEST(CocoGroundTruth, RefusesBadAnnotations) {
    expect_bad_annotation(R"("id": 5, )", "", {"gt.json:/annotations/0", "missing key", "\"id\""});
    expect_bad_annotation(R"("image_id": 20, )", "", {"missing key", "\"image_id\""});
    expect_bad_annotation(R"("category_id": 7, )", "", {"missing key", "\"category_id\""});
    expect_bad_annotation(R"("bbox": [1, 2.5, 3, 4], )", "", {"missing key", "\"bbox\""});
    expect_bad_annotation(R"("area": 11, )", "", {"missing key", "\"area\""});
    expect_bad_annotation(R"("area": 11)", R"("area": 11, "area": 12)",
                          {"gt.json:/annotations/0/area", "duplicate key"});
    expect_bad_annotation(R"("id": 5)", R"("id": 5.5)", {"/annotations/0/id", "expected an integer", "found 5.5"});
    expect_bad_annotation(R"("image_id": 20)", R"("image_id": "20")", {"/annotations/0/image_id", "found \"20\""});
    expect_bad_annotation("2.5", "NaN", {"/annotations/0/bbox/1", "expected a finite number", "found NaN"});
    expect_bad_annotation("[1, 2.5, 3, 4]", "[1, 2.5, 3]", {"/annotations/0/bbox", "expected 4 numbers", "found 3"});
    expect_bad_annotation("[1, 2.5, 3, 4]", "[1, 2.5, 3, 4, 5]", {"/bbox/4", "expected 4 numbers", "found more"});
    expect_bad_annotation("3, 4]", "-3, 4]", {"/annotations/0/bbox/2", "negative size", "not corners"});
    expect_bad_annotation("11", "-1", {"/annotations/0/area", "negative area"});
    expect_bad_annotation("11", "1e999", {"/annotations/0/area", "out of range"});
    expect_bad_annotation(R"("iscrowd": 1)", R"("iscrowd": 2)", {"/annotations/0/iscrowd", "expected 0 or 1"});
    expect_bad_annotation(R"("image_id": 20)", R"("image_id": 21)",
                          {"gt.json:/annotations/0/image_id", "unknown id", "/images", "found 21"});
    expect_bad_annotation(R"("category_id": 7)", R"("category_id": 8)",
                          {"gt.json:/annotations/0/category_id", "unknown id", "/categories", "found 8"});
}

TEST(CocoGroundTruth, RefusesRepeatedIdsAndNames) {
    const std::string one = kAnnotation;
    expect_error<DataError>([&] { parse_truth(one + ", " + one); }, {"gt.json:/annotations", "repeated id", "5 twice"});
    expect_error<DataError>([&] { parse_truth(one, R"([{"id": 20}, {"id": 4}, {"id": 20}])"); },
                            {"gt.json:/images", "repeated id", "20 twice"});
    expect_error<DataError>([&] { parse_truth(one, kImages, R"([{"id": 7, "name": "a"}, {"id": 7, "name": "b"}])"); },
                            {"gt.json:/categories", "repeated id", "7 twice"});
    expect_error<DataError>([&] { parse_truth(one, kImages, R"([{"id": 7, "name": "a"}, {"id": 8, "name": "a"}])"); },
                            {"gt.json:/categories", "repeated name", "\"a\" twice"});
}

TEST(CocoGroundTruth, RefusesAnotherLayout) {
    const auto refused = [](const std::string& text, const std::vector<std::string>& words) {
        SCOPED_TRACE(text);
        expect_error<DataError>([&] { parse_coco_ground_truth(text, "gt.json"); }, words);
    };
    refused("[]", {"gt.json", "expected an object", "found a list"});
    refused("", {"gt.json", "the end of the file"});
    refused(R"({"images": [], "categories": []})", {"missing key", "\"annotations\""});
    refused(R"({"images": [], "images": []})", {"gt.json:/images", "duplicate key"});
    refused(R"({"images": {}})", {"gt.json:/images", "expected a list", "found an object"});
    refused(R"({"images": [{}]})", {"gt.json:/images/0", "missing key", "\"id\""});
    refused(R"({"categories": [{"id": 1}]})", {"gt.json:/categories/0", "missing key", "\"name\""});
    refused(R"({"categories": [{"id": 1, "name": 2}]})", {"gt.json:/categories/0/name", "expected a string"});
    refused(truth_text(kAnnotation) + "x", {"gt.json:1:", "more text after the end"});
}

TEST(CocoDetections, AreRead) {
    const auto detections = parse_detections(
        R"([{"image_id": 30, "category_id": 3, "bbox": [1, 2, 3, 4.25], "score": 0.1, "segmentation": {"a": []}},
            {"score": -2e-3, "bbox": [0, 0, 0, 0], "category_id": 7, "image_id": 10}])");
    ASSERT_EQ(detections.size(), 2U);
    EXPECT_EQ(detections[0].image, 2);
    EXPECT_EQ(detections[0].category, 0);
    EXPECT_EQ(detections[0].box, (CocoBox{1, 2, 3, 4.25}));
    EXPECT_EQ(detections[0].score, 0.1);
    EXPECT_EQ(detections[1].image, 0);
    EXPECT_EQ(detections[1].category, 1);
    EXPECT_EQ(detections[1].score, -0.002);
    EXPECT_TRUE(parse_detections("[]").empty());
}

TEST(CocoDetections, ReplaceTheProblemsOwn) {
    CocoProblem problem = parse_truth(kAnnotation);
    const std::string one = R"([{"image_id": 30, "category_id": 99, "bbox": [1, 2, 3, 4], "score": 0.1}])";
    parse_coco_detections(one, "dt.json", problem);
    EXPECT_TRUE(problem.detections.empty());
    EXPECT_EQ(problem.unknown_category_detections, 1U);
    parse_coco_detections(with(one, "99", "7"), "dt.json", problem);
    EXPECT_EQ(problem.detections.size(), 1U);
    EXPECT_EQ(problem.unknown_category_detections, 0U);
}

TEST(CocoDetections, RefuseBadRecords) {
    expect_bad_detection(R"("score": 0.5)", R"("score": NaN)", {"dt.json:/1/score", "a finite number", "found NaN"});
    expect_bad_detection(R"("score": 0.5)", R"("score": "high")", {"dt.json:/1/score", "found \"high\""});
    expect_bad_detection(R"(, "score": 0.5)", "", {"dt.json:/1", "missing key", "\"score\""});
    expect_bad_detection(R"("bbox": [1, 2, 3, 4], )", "", {"missing key", "\"bbox\""});
    expect_bad_detection(R"("image_id": 10, )", "", {"missing key", "\"image_id\""});
    expect_bad_detection(R"("category_id": 3, )", "", {"missing key", "\"category_id\""});
    expect_bad_detection(R"("score": 0.5)", R"("score": 0.5, "score": 1)", {"dt.json:/1/score", "duplicate key"});
    expect_bad_detection("[1, 2, 3, 4]", "[1, 2, 3, -4]", {"dt.json:/1/bbox/3", "negative size"});
    expect_bad_detection("[1, 2, 3, 4]", "[1, 2, 3, Infinity]", {"dt.json:/1/bbox/3", "found Infinity"});
    expect_bad_detection("[1, 2, 3, 4]", "[]", {"dt.json:/1/bbox", "expected 4 numbers", "found 0"});
    expect_bad_detection("[1, 2, 3, 4]", "null", {"dt.json:/1/bbox", "expected a list", "found null"});
    expect_error<DataError>([] { parse_detections("{}"); }, {"dt.json", "expected a list", "found an object"});
    expect_error<DataError>([] { parse_detections("[{]"); }, {"dt.json:1:3", "not valid JSON"});
    expect_error<DataError>([] { parse_detections("[] 1"); }, {"dt.json:1:4", "more text after the end"});
}

TEST(CocoDetections, ListUnknownImages) {
    std::string text;
    for (int i = 0; i < 30; ++i) {
        text += (i == 0 ? "[" : ", ") + std::string(R"({"image_id": )") + std::to_string(500 + i / 2) +
                R"(, "category_id": 3, "bbox": [1, 2, 3, 4], "score": 0.5})";
    }
    expect_error<DataError>(
        [&] { parse_detections(text + "]"); },
        {"dt.json", "unknown images", "30 detections of 15 others", "500, 501, 502", "509, ...", "same split"});
}

TEST(CocoFiles, MeasureTheirTime) {
    const TempDir dir;
    CocoProblem problem = read_coco_ground_truth(dir.write("gt.json", truth_text(kAnnotation)));
    EXPECT_GT(problem.load_seconds, 0);
    const double before = problem.load_seconds;
    read_coco_detections(dir.write("dt.json", "[]"), problem);
    EXPECT_GT(problem.load_seconds, before);
}

TEST(CocoFiles, RefuseMissingFilesAndFolders) {
    const TempDir dir;
    CocoProblem problem;
    expect_error<IoError>([&] { read_coco_ground_truth(dir.file("none.json")); }, {"none.json"});
    expect_error<IoError>([&] { read_coco_detections(dir.file("none.json"), problem); }, {"none.json"});
    expect_error<IoError>([&] { read_coco_ground_truth(dir.path()); }, {dir.path()});
}

TEST(CocoFiles, NameTheFileInMessages) {
    const TempDir dir;
    const std::string path = dir.write("gt.json", "{\"images\": [{\"id\": null}]}");
    expect_error<DataError>([&] { read_coco_ground_truth(path); }, {path + ":/images/0/id", "found null"});
}

} // namespace
} // namespace banyan
