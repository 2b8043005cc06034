#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/dataset.h"
#include "support/shared_data.h"

namespace banyan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ClassTable person_table() { return ClassTable({{"person", {"person"}}, {"face", {"face"}}}); }

DatasetOptions coco_options(const std::string& name, const std::string& split) {
    DatasetOptions options;
    options.name = name;
    options.format = DatasetFormat::coco;
    options.root = shared_path("data/" + name);
    options.images = "train2017";
    options.annotations = "annotations/instances_train2017.json";
    options.split = split;
    options.classes = {{"person", "person"}};
    return options;
}

DatasetOptions yolo_options(const std::string& name, const std::string& split) {
    DatasetOptions options;
    options.name = name;
    options.format = DatasetFormat::yolo;
    options.root = shared_path("data/" + name);
    options.images = ".";
    options.annotations = "data.yaml";
    options.split = split;
    return options;
}

std::size_t ignore_count(const Dataset& dataset) {
    std::size_t count = 0;
    for (const Record& record : dataset.records()) count += record.labels.ignore.size();
    return count;
}

void expect_valid(const Dataset& dataset) {
    for (const Record& record : dataset.records()) {
        ASSERT_GT(record.width, 0) << record.file;
        ASSERT_EQ(record.labels.states.size(), dataset.states().size());
        for (const LabelledBox& entry : record.labels.boxes) {
            ASSERT_GT(entry.box.area(), 0) << record.file;
            ASSERT_EQ(entry.box, clip(entry.box, static_cast<float>(record.width), static_cast<float>(record.height)));
        }
    }
}

class RealDatasets : public testing::Test {
protected:
    void SetUp() override {
        if (!has_shared_data("data/coco128")) GTEST_SKIP() << "needs the shared data sets";
    }
};

TEST_F(RealDatasets, Coco128HoldsItsPersonsAndIsUnknownForOtherTasks) {
    const Dataset dataset = load_dataset(coco_options("coco128", ""), person_table());
    EXPECT_EQ(dataset.size(), 128U);
    EXPECT_THAT(dataset.box_counts(), ElementsAre(254, 0));
    EXPECT_GT(ignore_count(dataset), 0U); // crowds of persons
    EXPECT_THAT(dataset.states(), ElementsAre(LabelState::exhaustive, LabelState::unknown));
    EXPECT_THAT(dataset.warnings(), IsEmpty());
    EXPECT_EQ(dataset.record(0).labels.states, dataset.states());
    expect_valid(dataset);
}

TEST_F(RealDatasets, SplitsOfCocoAreInTheListsOrderAndAddUp) {
    const Dataset train = load_dataset(coco_options("coco128", "splits/train.txt"), person_table());
    const Dataset val = load_dataset(coco_options("coco128", "splits/val.txt"), person_table());
    EXPECT_EQ(train.size(), 103U);
    EXPECT_EQ(val.size(), 25U);
    EXPECT_EQ(train.box_counts()[0] + val.box_counts()[0], 254);
    EXPECT_EQ(train.record(0).name, "000000000009.jpg");
    EXPECT_EQ(train.record(0).image_id, 9);
    EXPECT_EQ(val.record(0).name, "000000000036.jpg");
}

TEST_F(RealDatasets, CocoTinyHoldsItsPersons) {
    const Dataset dataset = load_dataset(coco_options("coco_tiny", ""), person_table());
    EXPECT_EQ(dataset.size(), 80U);
    EXPECT_THAT(dataset.box_counts(), ElementsAre(140, 0));
    expect_valid(dataset);
}

TEST_F(RealDatasets, FacesOfCoco128AreTheirOwnPartialDataset) {
    DatasetOptions options = coco_options("coco128", "");
    options.annotations = "faces/instances_faces_train2017.json";
    options.classes = {{"face", "face"}};
    options.labels = {{"face", LabelState::partial}};
    const Dataset dataset = load_dataset(options, person_table());
    EXPECT_EQ(dataset.size(), 14U);
    EXPECT_THAT(dataset.box_counts(), ElementsAre(0, 29));
    EXPECT_THAT(dataset.states(), ElementsAre(LabelState::unknown, LabelState::partial));
}

TEST_F(RealDatasets, AllClassesOfCocoCanBecomeOne) {
    DatasetOptions options = coco_options("coco128", "");
    options.classes = {{"*", "face"}, {"person", "person"}};
    EXPECT_THAT(load_dataset(options, person_table()).box_counts(), ElementsAre(254, 929 - 254));
}

TEST_F(RealDatasets, SafetyVestMergesHeadsAndTorsos) {
    const ClassTable table({{"head", {"head"}}, {"torso", {"torso"}}});
    DatasetOptions options = yolo_options("safety_vest", "");
    options.classes = {{"capacete", "head"},
                       {"sem_capacete", "head"},
                       {"colete_refletivo", "torso"},
                       {"sem_colete_refletivo", "torso"}};
    const Dataset all = load_dataset(options, table);
    EXPECT_EQ(all.size(), 347U);
    EXPECT_THAT(all.box_counts(), ElementsAre(699 + 282, 206 + 744));
    expect_valid(all);
    options.split = "splits/train.txt";
    const Dataset train = load_dataset(options, table);
    EXPECT_EQ(train.size(), 295U);
    EXPECT_EQ(train.record(0).name, "train/images/00252_jpg.rf.2cec9c0f095e787133d7ef883f3d8e64.jpg");
    EXPECT_EQ(train.record(0).width, 416);
    EXPECT_EQ(train.record(0).image_id, 1);
}

TEST_F(RealDatasets, MasksHoldFacesAndTwoPicturesWithoutObjects) {
    const ClassTable table(std::vector<Task>{{"face", {"face"}}});
    DatasetOptions options = yolo_options("masks", "");
    options.classes = {{"mask", "face"}, {"no-mask", "face"}};
    const Dataset dataset = load_dataset(options, table);
    EXPECT_EQ(dataset.size(), 341U);
    EXPECT_THAT(dataset.box_counts(), ElementsAre(1698));
    EXPECT_THAT(dataset.warnings(), IsEmpty());
    std::size_t empty = 0;
    for (const Record& record : dataset.records()) empty += record.labels.boxes.empty() ? 1 : 0;
    EXPECT_EQ(empty, 2U);
    expect_valid(dataset);
}

TEST_F(RealDatasets, HandsMapAllGesturesToOneClass) {
    const ClassTable table(std::vector<Task>{{"hand", {"hand"}}});
    DatasetOptions options = yolo_options("hands", "splits/train.txt");
    options.classes = {{"*", "hand"}};
    const Dataset train = load_dataset(options, table);
    options.split = "splits/val.txt";
    const Dataset val = load_dataset(options, table);
    EXPECT_EQ(train.size(), 587U);
    EXPECT_EQ(val.size(), 167U);
    EXPECT_EQ(train.box_counts()[0] + val.box_counts()[0], 754);
}

TEST_F(RealDatasets, BccdDropsItsTwoBoxesWithoutArea) {
    const ClassTable table(std::vector<Task>{{"cells", {"RBC", "WBC", "Platelets"}}});
    DatasetOptions options;
    options.name = "bccd";
    options.format = DatasetFormat::voc;
    options.root = shared_path("data/bccd/BCCD");
    options.images = "JPEGImages";
    options.annotations = "Annotations";
    options.classes = {{"RBC", "RBC"}, {"WBC", "WBC"}, {"Platelets", "Platelets"}};
    const Dataset all = load_dataset(options, table);
    EXPECT_EQ(all.size(), 364U);
    EXPECT_THAT(all.box_counts(), ElementsAre(4153, 372, 361));
    EXPECT_THAT(all.warnings(), ElementsAre("boxes without area dropped: 2"));
    expect_valid(all);
    options.split = "ImageSets/Main/val.txt";
    EXPECT_EQ(load_dataset(options, table).size(), 87U);
}

} // namespace
} // namespace banyan
