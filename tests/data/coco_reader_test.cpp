#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/coco_file.h"
#include "data/dataset.h"
#include "data_faults.h"

namespace banyan {
namespace {

using test::data_fault;
using test::write_picture;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// A data set of two pictures of 100 x 50, a and b (ids 7 and 8), and the categories cat (1), dog (5), bird (6).
class CocoReader : public testing::Test {
protected:
    CocoReader() {
        write_picture(dir_, "images/a.png", 100, 50);
        write_picture(dir_, "images/b.png", 100, 50);
        options_.name = "set";
        options_.format = DatasetFormat::coco;
        options_.root = dir_.path();
        options_.images = "images";
        options_.annotations = "labels.json";
        options_.classes = {{"cat", "pet"}, {"dog", "pet"}, {"bird", "bird"}};
        write();
    }
    void write() {
        dir_.write("labels.json", R"({"info": {"images": [1, {"id": []}]}, "annotations": [)" + annotations_ +
                                      R"(], "categories": [)" + categories_ + R"(], "images": [)" + images_ + "]}");
    }
    void write_annotations(const std::string& annotations) {
        annotations_ = annotations;
        write();
    }
    void write_images(const std::string& images) {
        images_ = images;
        write();
    }
    Dataset load() const { return load_dataset(options_, table_); }
    std::string fault() const { return data_fault(options_, table_); }

    TempDir dir_;
    DatasetOptions options_;
    ClassTable table_{{{"animal", {"pet", "bird"}}, {"other", {"o"}}}};
    std::string images_ = R"({"id": 7, "file_name": "a.png", "width": 100, "height": 50},
                             {"id": 8, "file_name": "b.png"})";
    std::string categories_ = R"({"id": 1, "name": "cat"}, {"id": 5, "name": "dog"}, {"id": 6, "name": "bird"})";
    std::string annotations_;
};

TEST_F(CocoReader, BoxesAreMappedAndCrowdsIgnored) {
    write_annotations(R"({"image_id": 7, "category_id": 5, "bbox": [10, 20.5, 30, 10], "iscrowd": 0,
                          "segmentation": [[1, 2, [3]], {"counts": "x"}], "id": 1},
                         {"image_id": 7, "category_id": 1, "bbox": [0, 0, 100, 50], "iscrowd": 1},
                         {"image_id": 8, "category_id": 6, "bbox": [1, 1, 0, 5]})");
    const Dataset dataset = load();
    ASSERT_EQ(dataset.size(), 2U);
    const Record& record = dataset.record(0);
    EXPECT_EQ(record.image_id, 7);
    EXPECT_EQ(record.file, dir_.file("images/a.png"));
    ASSERT_EQ(record.labels.boxes.size(), 1U);
    EXPECT_EQ(record.labels.boxes[0].class_id, 0);
    EXPECT_EQ(record.labels.boxes[0].box, (Box{10, 20.5, 40, 30.5}));
    ASSERT_EQ(record.labels.ignore.size(), 1U);
    EXPECT_EQ(record.labels.ignore[0].class_id, 0);
    EXPECT_THAT(dataset.record(1).labels.boxes, IsEmpty());
    EXPECT_THAT(dataset.warnings(), ElementsAre("boxes without area dropped: 1"));
    EXPECT_THAT(dataset.states(), ElementsAre(LabelState::exhaustive, LabelState::exhaustive, LabelState::unknown));
}

TEST_F(CocoReader, BoxesOfDroppedClassesAreNotKept) {
    options_.classes = {{"bird", "bird"}};
    write_annotations(R"({"image_id": 7, "category_id": 5, "bbox": [10, 20, 30, 10]})");
    EXPECT_THAT(load().box_counts(), ElementsAre(0, 0, 0));
}

TEST_F(CocoReader, EveryFaultyAnnotationIsReported) {
    write_annotations(R"({"image_id": 9, "category_id": 5, "bbox": [1, 1, 2, 2]},
                         {"image_id": 7, "category_id": 2, "bbox": [1, 1, 2, 2]},
                         {"image_id": 7, "category_id": 5, "bbox": [1, 1, 2]},
                         {"image_id": 7, "category_id": 5, "bbox": [1, 1, -2, 2]},
                         {"image_id": 7, "category_id": 5, "bbox": [1, "1", 2, 2]},
                         {"image_id": 7, "category_id": 5},
                         {"image_id": 7.5, "category_id": "5", "bbox": [1, 1, 2, 2]},
                         {"image_id": 7, "category_id": 5, "bbox": [1, 1, 2, 2], "iscrowd": 2},
                         {"image_id": 7, "category_id": 5, "bbox": [90, 1, 20, 2]},
                         {"image_id": 7, "category_id": 5, "bbox": {"x": 1}},
                         {"image_id": 7, "image_id": 8, "category_id": 5, "bbox": [1, 1, 2, 2]},
                         [7, 5])");
    const std::string text = fault();
    EXPECT_THAT(text, HasSubstr("13 problems in the data:"));
    EXPECT_THAT(text, HasSubstr("set: " + dir_.file("labels.json") + ":/annotations/0/image_id: unknown id 9"));
    EXPECT_THAT(text, HasSubstr(":/annotations/1/category_id: unknown id 2"));
    EXPECT_THAT(text, HasSubstr("/2/bbox: wrong value; expected [x, y, width, height], found a list of 3"));
    EXPECT_THAT(text, HasSubstr(":/annotations/3/bbox: negative size"));
    EXPECT_THAT(text, HasSubstr(":/annotations/4/bbox: wrong value"));
    EXPECT_THAT(text, HasSubstr(":/annotations/5/bbox: missing key"));
    EXPECT_THAT(text, HasSubstr(":/annotations/6/image_id: wrong value; expected an integer, found 7.5"));
    EXPECT_THAT(text, HasSubstr(":/annotations/6/category_id: wrong value"));
    EXPECT_THAT(text, HasSubstr(":/annotations/7/iscrowd: wrong value; expected 0 or 1"));
    EXPECT_THAT(text, HasSubstr(":/annotations/8: box outside its picture"));
    EXPECT_THAT(text, HasSubstr(":/annotations/9/bbox: wrong value"));
    EXPECT_THAT(text, HasSubstr(":/annotations/10/image_id: duplicate key"));
    EXPECT_THAT(text, HasSubstr(":/annotations/11: wrong entry; expected an object, found a list of 2"));
}

TEST_F(CocoReader, FaultyImagesAreReportedOnce) {
    write_annotations(R"({"image_id": 7, "category_id": 5, "bbox": [1, 1, 2, 2]})");
    write_images(R"({"id": 7, "file_name": ""}, {"id": 7, "file_name": "a.png"}, {"id": 8, "file_name": "a.png"},
                    {"file_name": "b.png"}, {"id": 9, "file_name": "b.png", "width": 0},
                    {"id": 10, "file_name": "c.png"})");
    const std::string text = fault();
    EXPECT_THAT(text, HasSubstr("6 problems"));
    EXPECT_THAT(text, HasSubstr(":/images/0/file_name: wrong value"));
    EXPECT_THAT(text, HasSubstr(":/images/1/id: id 7 is used twice"));
    EXPECT_THAT(text, HasSubstr(":/images/2/file_name: file_name \"a.png\" is used twice"));
    EXPECT_THAT(text, HasSubstr(":/images/3/id: missing key"));
    EXPECT_THAT(text, HasSubstr(":/images/4/width: wrong value; expected an integer >= 1"));
    EXPECT_THAT(text, HasSubstr("c.png: cannot be read"));
    EXPECT_THAT(text, Not(HasSubstr("unknown id")));
}

TEST_F(CocoReader, RepeatedCategoryIdIsRefused) {
    categories_ += R"(, {"id": 5, "name": "wolf"})";
    write();
    EXPECT_THAT(fault(), HasSubstr(":/categories/3/id: id 5 is used twice"));
}

TEST_F(CocoReader, StatedSizeMustBeThePictures) {
    write_images(R"({"id": 7, "file_name": "a.png", "width": 50, "height": 100})");
    EXPECT_THAT(fault(), AllOf(HasSubstr("stated size disagrees"), HasSubstr("expected 100 x 50, found 50 x 100"),
                               HasSubstr("EXIF")));
}

TEST_F(CocoReader, DamagedPicturesAreFoundBeforeTraining) {
    const std::string whole = encode_png(Image(100, 50));
    dir_.write("images/b.png", whole.substr(0, whole.size() - 20));
    EXPECT_THAT(fault(), AllOf(HasSubstr("b.png"), HasSubstr("damaged PNG")));
}

TEST_F(CocoReader, NamesThatLeaveTheFolderAreRefused) {
    const TempDir outside;
    write_picture(outside, "x.png", 100, 50);
    std::filesystem::create_symlink(outside.file("x.png"), dir_.file("images/link.png"));
    for (const std::string& name :
         {std::string("../../x.png"), outside.file("x.png"), std::string("link.png"), std::string("..")}) {
        write_images(R"({"id": 7, "file_name": ")" + name + R"("})");
        EXPECT_THAT(fault(), HasSubstr(":/images/0: ")) << name;
    }
}

TEST_F(CocoReader, PicturesFolderOfTheConfigMayBeALink) {
    const TempDir disk;
    write_picture(disk, "a.png", 100, 50);
    std::filesystem::create_directory_symlink(disk.path(), dir_.file("linked"));
    options_.images = "linked";
    write_images(R"({"id": 7, "file_name": "a.png"})");
    EXPECT_EQ(load().size(), 1U);
    write_images(R"({"id": 7, "file_name": "../a.png"})");
    EXPECT_THAT(fault(), HasSubstr("a.png"));
}

TEST_F(CocoReader, WrongFilesAreToldFromWrongEntries) {
    const auto fault_of = [&](const std::string& text) {
        dir_.write("labels.json", text);
        return fault();
    };
    EXPECT_THAT(fault_of(""), HasSubstr("not valid JSON"));
    EXPECT_THAT(fault_of("[]"), HasSubstr("expected a JSON object of lists, found a list of 0"));
    EXPECT_THAT(fault_of("3"), HasSubstr("expected a JSON object of lists, found 3"));
    EXPECT_THAT(fault_of("{}"), AllOf(HasSubstr("3 problems"), HasSubstr("labels.json:/images: missing key")));
    EXPECT_THAT(fault_of(R"({"images": {}, "annotations": 1, "categories": [{"id": 1, "name": "cat"}]})"),
                AllOf(HasSubstr(":/images: wrong value"), HasSubstr(":/annotations: wrong value")));
    EXPECT_THAT(fault_of(R"({"images": [], "images": [], "annotations": [], "categories": [1]})"),
                AllOf(HasSubstr(":/images: duplicate key"), HasSubstr(":/categories/0: wrong entry")));
    EXPECT_THAT(fault_of(R"({"images": [], "annotations": [{"bbox": [1, 2)"), HasSubstr("cut off"));
    EXPECT_THAT(fault_of(std::string("{}\0{}", 5)), HasSubstr("NUL byte"));
    std::filesystem::remove(dir_.file("labels.json"));
    EXPECT_THROW(load(), IoError);
}

TEST_F(CocoReader, EmptyDatasetIsRefused) {
    write_images("");
    EXPECT_THAT(fault(), HasSubstr("no pictures"));
}

TEST_F(CocoReader, SplitChoosesInItsOrder) {
    options_.split = "split.txt";
    dir_.write("split.txt", "b.png\r\na.png\r\n");
    EXPECT_EQ(load().record(0).image_id, 8);
    options_.limit = 1;
    EXPECT_EQ(load().size(), 1U);
    dir_.write("split.txt", "b.png\nnone.png\nb.png\n");
    EXPECT_THAT(fault(), AllOf(HasSubstr("split.txt:2: no picture \"none.png\""), HasSubstr("split.txt:3"),
                               HasSubstr("named twice")));
}

TEST_F(CocoReader, NegativeAndNotExhaustiveCategoriesSetTheStatesOfAnImage) {
    write_images(R"({"id": 7, "file_name": "a.png", "neg_category_ids": [6], "not_exhaustive_category_ids": [5]},
                    {"id": 8, "file_name": "b.png", "neg_category_ids": [1]})");
    const Dataset dataset = load();
    EXPECT_THAT(dataset.record(0).labels.states,
                ElementsAre(LabelState::partial, LabelState::absent, LabelState::unknown));
    // No cat, but pets are cats and dogs; and of birds nothing is told.
    EXPECT_THAT(dataset.record(1).labels.states,
                ElementsAre(LabelState::unknown, LabelState::unknown, LabelState::unknown));
    write_images(R"({"id": 7, "file_name": "a.png", "neg_category_ids": [1, 5]})");
    EXPECT_EQ(load().record(0).labels.states[0], LabelState::absent);
}

TEST_F(CocoReader, WithNegativeCategoriesNothingIsKnownOfThoseThatAnImageDoesNotName) {
    const auto states = [&](const std::string& negative) {
        write_images(R"({"id": 7, "file_name": "a.png", "neg_category_ids": )" + negative + "}");
        return load().record(0).labels.states;
    };
    EXPECT_THAT(states("[]"), ElementsAre(LabelState::unknown, LabelState::unknown, LabelState::unknown));
    write_annotations(R"({"image_id": 7, "category_id": 6, "bbox": [1, 1, 2, 2], "iscrowd": 1},
                         {"image_id": 7, "category_id": 5, "bbox": [1, 1, 2, 2]})");
    EXPECT_THAT(states("[]"), ElementsAre(LabelState::partial, LabelState::exhaustive, LabelState::unknown))
        << "a dog is boxed, cats may be there; birds are annotated by a crowd";
    EXPECT_THAT(states("[1]"), ElementsAre(LabelState::exhaustive, LabelState::exhaustive, LabelState::unknown));
    options_.labels = {{"pet", LabelState::partial}};
    EXPECT_THAT(states("[1]"), ElementsAre(LabelState::partial, LabelState::exhaustive, LabelState::unknown));
}

TEST_F(CocoReader, FaultyNegativeCategoriesAreReported) {
    write_annotations(R"({"image_id": 7, "category_id": 6, "bbox": [1, 1, 2, 2]})");
    write_images(R"({"id": 7, "file_name": "a.png", "neg_category_ids": [6]},
                    {"id": 8, "file_name": "b.png", "neg_category_ids": [99], "not_exhaustive_category_ids": "5"})");
    EXPECT_THAT(fault(), AllOf(HasSubstr(":/annotations/0: box of a class that is verified absent"),
                               HasSubstr(":/images/1/neg_category_ids: unknown id 99"),
                               HasSubstr(":/images/1/not_exhaustive_category_ids: wrong value")));
}

TEST_F(CocoReader, ManyAnnotationsAreRead) {
    std::string annotations;
    constexpr int kCount = 20000;
    for (int i = 0; i < kCount; ++i) {
        annotations += i == 0 ? "" : ",";
        annotations += R"({"segmentation": [[510.66, 423.01, 511.72, 420.03, 510.45, 416.0]], "area": 702.1,
            "iscrowd": 0, "image_id": )" +
                       std::to_string(7 + i % 2) + R"(, "bbox": [1.5, 2.25, 38.5, 25.75],
            "category_id": 5, "id": )" +
                       std::to_string(i) + "}";
    }
    write_annotations(annotations);
    EXPECT_THAT(load().box_counts(), ElementsAre(kCount, 0, 0));
}

} // namespace
} // namespace banyan
