#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

std::string object(const std::string& name, const std::string& corners, const std::string& more = "") {
    std::string text = "<object><name>" + name + "</name>" + more + "<bndbox>";
    std::size_t at = 0;
    for (const char* tag : {"xmin", "ymin", "xmax", "ymax"}) {
        const std::size_t end = std::min(corners.find(' ', at), corners.size());
        text += "<" + std::string(tag) + ">" + corners.substr(at, end - at) + "</" + tag + ">";
        at = end + 1;
    }
    return text + "</bndbox></object>";
}

class VocReader : public testing::Test {
protected:
    VocReader() {
        options_.name = "set";
        options_.format = DatasetFormat::voc;
        options_.root = dir_.path();
        options_.images = "JPEGImages";
        options_.annotations = "Annotations";
        options_.classes = {{"red cell", "red"}};
        std::filesystem::create_directories(dir_.file("JPEGImages"));
        std::filesystem::create_directories(dir_.file("Annotations"));
    }
    /// A picture of 100 x 50 and its annotation.
    void add(const std::string& id, const std::string& objects,
             const std::string& size = "<size><width>100</width><height>50</height></size>") {
        write_picture(dir_, "JPEGImages/" + id + ".png", 100, 50);
        dir_.write("Annotations/" + id + ".xml",
                   "<annotation><filename>" + id + ".png</filename>" + size + objects + "</annotation>");
    }
    Dataset load() const { return load_dataset(options_, table_); }
    std::string fault() const { return data_fault(options_, table_); }

    TempDir dir_;
    DatasetOptions options_;
    ClassTable table_{{{"cell", {"red", "white"}}, {"other", {"o"}}}};
};

TEST_F(VocReader, CornersAreReadAndDifficultObjectsIgnored) {
    add("b", object("red cell", "10 20 30.5 40") + object(" red cell ", "0 0 9 9", "<difficult>1</difficult>") +
                 object("other", "1 1 2 2"));
    add("a", "");
    const Dataset dataset = load();
    ASSERT_EQ(dataset.size(), 2U);
    EXPECT_EQ(dataset.record(0).name, "a.png");
    EXPECT_THAT(dataset.record(0).labels.boxes, IsEmpty());
    ASSERT_EQ(dataset.record(1).labels.boxes.size(), 1U);
    EXPECT_EQ(dataset.record(1).labels.boxes[0].box, (Box{10, 20, 30.5, 40}));
    EXPECT_EQ(dataset.record(1).labels.ignore.size(), 1U);
    EXPECT_THAT(dataset.states(), ElementsAre(LabelState::exhaustive, LabelState::unknown, LabelState::unknown));
}

TEST_F(VocReader, EveryFaultIsReported) {
    add("a", object("red cell", "10 20 5 40") + object("", "1 1 2 2") + object("red cell", "1 x 2 2") +
                 object("red cell", "1 nan 2 2") + object("red cell", "1 1 2 2", "<difficult>maybe</difficult>") +
                 "<object><name>red cell</name></object>" + object("red cell", "1 1 200 2"));
    add("b", object("red cell", "1 1 2 2"), "");
    add("c", "", "<size><width>0</width><height>50</height></size>");
    add("d", "", "<size><width>50</width><height>50</height></size>");
    const std::string text = fault();
    EXPECT_THAT(text, HasSubstr("10 problems"));
    const std::string a = dir_.file("Annotations/a.xml:/annotation/object/");
    EXPECT_THAT(text, HasSubstr("set: " + a + "1/bndbox: negative size"));
    EXPECT_THAT(text, HasSubstr(a + "2/name: empty element"));
    EXPECT_THAT(text, HasSubstr(a + "3/bndbox/ymin: not a number; expected a finite number, found x"));
    EXPECT_THAT(text, HasSubstr(a + "4/bndbox/ymin: not a number"));
    EXPECT_THAT(text, HasSubstr(a + "5/difficult: wrong value"));
    EXPECT_THAT(text, HasSubstr(a + "6/bndbox: missing element"));
    EXPECT_THAT(text, HasSubstr(a + "7: box outside its picture"));
    EXPECT_THAT(text, HasSubstr("b.xml:/annotation/size: missing element"));
    EXPECT_THAT(text, HasSubstr("c.xml:/annotation/size/width: wrong value"));
    EXPECT_THAT(text, HasSubstr("d.xml: stated size disagrees"));
}

TEST_F(VocReader, BrokenFilesAreReported) {
    add("ok", object("red cell", "1 1 2 2"));
    dir_.write("Annotations/a.xml", "<annotation><filename>ok.png</file");
    dir_.write("Annotations/b.xml", "<html/>");
    dir_.write("Annotations/c.xml", "<annotation><size/></annotation>");
    dir_.write("Annotations/d.xml", "<annotation><filename>none.png</filename><size><width>1</width>"
                                    "<height>1</height></size></annotation>");
    const std::string text = fault();
    EXPECT_THAT(text, AllOf(HasSubstr("a.xml: byte"), HasSubstr("not valid XML")));
    EXPECT_THAT(text, HasSubstr("b.xml: wrong kind of file"));
    EXPECT_THAT(text, HasSubstr("c.xml:/annotation/filename: missing element"));
    EXPECT_THAT(text, HasSubstr("c.xml:/annotation/size/width: missing element"));
    EXPECT_THAT(text, HasSubstr("none.png: cannot be read"));
}

TEST_F(VocReader, TwoFilesForOnePictureAreRefused) {
    add("a", object("red cell", "1 1 2 2"));
    std::filesystem::copy(dir_.file("Annotations/a.xml"), dir_.file("Annotations/b.xml"));
    EXPECT_THAT(fault(), AllOf(HasSubstr("b.xml:/annotation/filename"), HasSubstr("annotated twice")));
}

TEST_F(VocReader, NamesThatLeaveTheFolderAreRefused) {
    add("a", object("red cell", "1 1 2 2"));
    for (const char* name : {"/etc/hostname", "../../x.png"}) {
        dir_.write("Annotations/b.xml", std::string("<annotation><filename>") + name +
                                            "</filename><size><width>1</width><height>1</height></size></annotation>");
        EXPECT_THAT(fault(), AllOf(HasSubstr("b.xml"), HasSubstr(name))) << name;
    }
}

TEST_F(VocReader, SplitNamesIds) {
    for (const char* id : {"a", "b", "c.1"}) add(id, object("red cell", "1 1 2 2"));
    options_.split = "ImageSets/Main/val.txt";
    dir_.write("ImageSets/Main/val.txt", "c.1\na");
    const Dataset dataset = load();
    ASSERT_EQ(dataset.size(), 2U);
    EXPECT_EQ(dataset.record(0).name, "c.1.png");
    dir_.write("ImageSets/Main/val.txt", "a.png\n");
    EXPECT_THAT(fault(), HasSubstr("val.txt:1: no picture \"a.png\""));
}

TEST_F(VocReader, EmptyAndMissingFoldersAreRefused) {
    options_.classes = {{"*", "red"}};
    EXPECT_THAT(fault(), HasSubstr("no pictures"));
    options_.annotations = "none";
    EXPECT_THROW(load(), IoError);
    options_.root = dir_.file("none");
    EXPECT_THROW(load(), IoError);
}

} // namespace
} // namespace banyan
