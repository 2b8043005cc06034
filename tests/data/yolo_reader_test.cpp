#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/dataset.h"
#include "data/yolo_names.h"
#include "data_faults.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

using test::data_fault;
using test::write_picture;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> yaml_names(const std::string& text) { return parse_yolo_yaml(text, "data.yaml"); }

TEST(YoloNames, AllWaysOfWritingAListAreRead) {
    const auto expected = ElementsAre("cat", "big dog");
    EXPECT_THAT(yaml_names("train: ../x\nnc: 2\nnames: ['cat', 'big dog']"), expected); // no line end
    EXPECT_THAT(yaml_names("names: [cat, big dog]\n"), expected);
    EXPECT_THAT(yaml_names("names: [cat,\n  \"big dog\", # the last\n ]\nnc: 2\n"), expected);
    EXPECT_THAT(yaml_names("names:\n- cat\n- 'big dog'\nnc: 2\n"), expected);
    EXPECT_THAT(yaml_names("names:\r\n  0: cat\r\n  1: big dog\r\nother: 1\r\n"), expected);
    EXPECT_THAT(yaml_names("names: {0: cat, 1: 'big dog'}\n"), expected);
    EXPECT_THAT(yaml_names("# names: [x]\nnames: ['cat', 'big dog'] # two\n"), expected);
}

TEST(YoloNames, QuotesKeepCommasAndEscapes) {
    EXPECT_THAT(yaml_names(R"(names: ['a, b', 'it''s', "say \"no\"", 'c#d'])"),
                ElementsAre("a, b", "it's", "say \"no\"", "c#d"));
}

TEST(YoloNames, FaultsNameTheLine) {
    expect_error<DataError>([] { yaml_names("train: x\n"); }, {"data.yaml", "no class names"});
    expect_error<DataError>([] { yaml_names("names: []\n"); }, {"no class names"});
    expect_error<DataError>([] { yaml_names("nc: 3\nnames: [a, b]\n"); }, {"nc is 3 but 2"});
    expect_error<DataError>([] { yaml_names("nc: few\nnames: [a]\n"); }, {"data.yaml:1", "few"});
    expect_error<DataError>([] { yaml_names("nc: 1\nnames: [a, b\n"); }, {"data.yaml:2", "do not end"});
    expect_error<DataError>([] { yaml_names("names: ['a, b]\n"); }, {"quote is not closed"});
    expect_error<DataError>([] { yaml_names("names:\n  0: a\n  2: b\n"); }, {"data.yaml:3", "class number", "1: NAME"});
    expect_error<DataError>([] { yaml_names("names: [a, , b]\n"); }, {"empty class name"});
    expect_error<DataError>([] { yaml_names("names: a.txt\n"); }, {"a list or a map"});
    expect_error<DataError>([] { yaml_names("names: [a]\nnames: [b]\n"); }, {"stands twice"});
}

TEST(YoloNames, PlainListHasOneNameALine) {
    EXPECT_THAT(parse_yolo_name_list("cat\r\nbig dog\n\n", "a.names"), ElementsAre("cat", "big dog"));
    expect_error<DataError>([] { parse_yolo_name_list("cat\n\ndog\n", "a.names"); }, {"a.names:2", "empty"});
    expect_error<DataError>([] { parse_yolo_name_list("\n", "a.names"); }, {"no class names"});
}

class YoloReader : public testing::Test {
protected:
    YoloReader() {
        dir_.write("data.yaml", "nc: 2\nnames: ['left', 'right']");
        options_.name = "set";
        options_.format = DatasetFormat::yolo;
        options_.root = dir_.path();
        options_.images = ".";
        options_.annotations = "data.yaml";
        options_.classes = {{"left", "l"}, {"right", "r"}};
        std::filesystem::create_directories(dir_.file("train/images"));
    }
    /// A picture of 100 x 50 with this label text.
    void add(const std::string& stem, const std::string& labels) {
        write_picture(dir_, "train/images/" + stem + ".png", 100, 50);
        dir_.write("train/labels/" + stem + ".txt", labels);
    }
    Dataset load() const { return load_dataset(options_, table_); }
    std::string fault() const { return data_fault(options_, table_); }

    TempDir dir_;
    DatasetOptions options_;
    ClassTable table_{{{"side", {"l", "r"}}, {"other", {"o"}}}};
};

TEST_F(YoloReader, FractionsBecomePixels) {
    add("a b", "1 0.5 0.5 0.2 0.4\r\n\n0\t0.1 0.2 0.2 0.4");
    const Dataset dataset = load();
    ASSERT_EQ(dataset.size(), 1U);
    const Record& record = dataset.record(0);
    EXPECT_EQ(record.name, "train/images/a b.png");
    EXPECT_EQ(record.width, 100);
    ASSERT_EQ(record.labels.boxes.size(), 2U);
    EXPECT_EQ(record.labels.boxes[0].class_id, 1);
    EXPECT_FLOAT_EQ(record.labels.boxes[0].box.x0, 40);
    EXPECT_FLOAT_EQ(record.labels.boxes[0].box.y1, 35);
    EXPECT_FLOAT_EQ(record.labels.boxes[1].box.x0, 0);
    EXPECT_THAT(dataset.warnings(), IsEmpty());
}

TEST_F(YoloReader, PicturesAreSortedByNameAndLimited) {
    for (const char* stem : {"c", "a", "b"}) add(stem, "");
    options_.limit = 2;
    const Dataset dataset = load();
    ASSERT_EQ(dataset.size(), 2U);
    EXPECT_EQ(dataset.record(0).name, "train/images/a.png");
    EXPECT_EQ(dataset.record(1).image_id, 2);
}

TEST_F(YoloReader, LabelsOfTheLastImagesFolderCount) {
    write_picture(dir_, "images/images/a.png", 10, 10);
    dir_.write("images/labels/a.txt", "0 0.5 0.5 1 1");
    write_picture(dir_, "flat/b.png", 10, 10); // no folder "images": beside the picture
    dir_.write("flat/b.txt", "1 0.5 0.5 1 1");
    EXPECT_THAT(load().box_counts(), ElementsAre(1, 1, 0));
}

TEST_F(YoloReader, MissingLabelFileMeansNoObjectsAndIsCounted) {
    add("a", "0 0.5 0.5 0.1 0.1");
    write_picture(dir_, "train/images/b.png", 10, 10);
    const Dataset dataset = load();
    EXPECT_EQ(dataset.size(), 2U);
    EXPECT_THAT(dataset.record(1).labels.boxes, IsEmpty());
    EXPECT_THAT(dataset.warnings(), ElementsAre("pictures without a label file taken as without objects: 1"));
    std::filesystem::remove(dir_.file("train/labels/a.txt"));
    EXPECT_THAT(fault(), HasSubstr("no picture has a label file"));
}

TEST_F(YoloReader, EveryFaultIsReportedWithItsLine) {
    add("a", "2 0.5 0.5 0.1 0.1\n-1 0.5 0.5 0.1 0.1\n0 0.5 0.5 0.1\n0 0.5 0.5 0.1 0.1 0.9\n0 0 0 1 0 1 1 0 1\n"
             "x 0.5 0.5 0.1 0.1\n0 0.5 y 0.1 0.1\n0 nan 0.5 0.1 0.1\n0 0.5 0.5 -0.1 0.1\n0 0.5 inf 0.1 0.1\n"
             "0.0 0.5 0.5 0.1 0.1\n0 0.9 0.5 0.4 0.1\n");
    const std::string text = fault();
    EXPECT_THAT(text, HasSubstr("12 problems"));
    const std::string file = dir_.file("train/labels/a.txt:");
    EXPECT_THAT(text, HasSubstr("set: " + file + "1: class number out of range; expected 0 to 1, found 2"));
    EXPECT_THAT(text, HasSubstr(file + "2: class number out of range"));
    EXPECT_THAT(text, HasSubstr(file + "3: wrong number of fields"));
    EXPECT_THAT(text, HasSubstr("a confidence?"));
    EXPECT_THAT(text, HasSubstr("a polygon"));
    EXPECT_THAT(text, HasSubstr(file + "6: not a class number"));
    EXPECT_THAT(text, HasSubstr(file + "7: not a number"));
    EXPECT_THAT(text, HasSubstr(file + "8: not a number"));
    EXPECT_THAT(text, HasSubstr(file + "9: negative size"));
    EXPECT_THAT(text, HasSubstr(file + "10: not a number"));
    EXPECT_THAT(text, HasSubstr(file + "11: not a class number"));
    EXPECT_THAT(text, HasSubstr(file + "12: box outside its picture"));
}

TEST_F(YoloReader, BoxSlightlyOverTheEdgeIsClippedAndCounted) {
    add("a", "0 0.99 0.5 0.04 0.2\n0 0.5 0.5 0 0.2\n"); // x from 97 to 101; no width
    const Dataset dataset = load();
    ASSERT_EQ(dataset.record(0).labels.boxes.size(), 1U);
    EXPECT_FLOAT_EQ(dataset.record(0).labels.boxes[0].box.x1, 100);
    EXPECT_THAT(dataset.warnings(), ElementsAre("boxes over the edge clipped: 1", "boxes without area dropped: 1"));
}

TEST_F(YoloReader, ReportShowsTwentyOfManyFaults) {
    std::string lines;
    for (int i = 0; i < 50; ++i) lines += "9 0.5 0.5 0.1 0.1\n";
    add("a", lines);
    const std::string text = fault();
    EXPECT_THAT(text, HasSubstr("50 problems in the data, the first 20:"));
    EXPECT_THAT(text, HasSubstr("a.txt:20:"));
    EXPECT_THAT(text, Not(HasSubstr("a.txt:21:")));
}

TEST_F(YoloReader, SplitNamesPicturesBelowTheRoot) {
    add("a", "0 0.5 0.5 0.1 0.1");
    add("b", "");
    options_.split = "val.txt";
    dir_.write("val.txt", "./train/images/b.png\n\ntrain/images/a.png");
    const Dataset dataset = load();
    ASSERT_EQ(dataset.size(), 2U);
    EXPECT_EQ(dataset.record(0).name, "train/images/b.png");
}

TEST_F(YoloReader, FaultsOfTheSplitAreReported) {
    add("a", "");
    options_.split = "val.txt";
    dir_.write("val.txt", "train/images/a.png\ntrain/images/none.png\ntrain/images/a.png\n./train/images/a.png\n");
    const std::string text = fault();
    EXPECT_THAT(text, HasSubstr("none.png"));
    EXPECT_THAT(text, HasSubstr("val.txt:3: picture \"train/images/a.png\" is named twice"));
    EXPECT_THAT(text, HasSubstr("val.txt:4"));
    dir_.write("val.txt", "\n \n");
    EXPECT_THAT(fault(), HasSubstr("names no picture"));
    std::filesystem::remove(dir_.file("val.txt"));
    EXPECT_THROW(load(), IoError);
}

TEST_F(YoloReader, NamesThatLeaveTheFolderAreRefused) {
    const TempDir outside;
    write_picture(outside, "secret.png", 10, 10);
    add("a", "");
    std::filesystem::create_symlink(outside.file("secret.png"), dir_.file("train/images/link.png"));
    std::filesystem::create_directory_symlink(outside.path(), dir_.file("train/linked"));
    options_.split = "val.txt";
    for (const std::string& name : {outside.file("secret.png"), std::string("../secret.png"),
                                    std::string("train/images/link.png"), std::string("train/linked/secret.png")}) {
        dir_.write("val.txt", "train/images/a.png\n" + name);
        EXPECT_THAT(fault(), HasSubstr("val.txt:2")) << name;
    }
}

TEST_F(YoloReader, EmptyFolderIsRefused) { EXPECT_THAT(fault(), HasSubstr("no pictures")); }

TEST_F(YoloReader, PicturesOfOtherTypesAreCounted) {
    add("a", "");
    dir_.write("train/images/b.webp", "RIFF");
    dir_.write("train/images/.hidden.png", "");
    EXPECT_THAT(load().warnings(), ElementsAre("pictures of types other than JPEG and PNG left out: 1"));
}

} // namespace
} // namespace banyan
