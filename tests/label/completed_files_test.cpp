#include "label/completed_files.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/polygon.h"
#include "core/random.h"
#include "data/dataset_list.h"
#include "image/image_codec.h"
#include "support/expect_error.h"
#include "support/painted_image.h"
#include "support/shared_data.h"
#include "support/temp_dir.h"

namespace banyan {
namespace {

using nlohmann::json;

const ClassTable& table() {
    static const ClassTable classes({{"face", {"bare", "masked"}}, {"hand", {"hand"}}, {"head", {"head"}}});
    return classes;
}

/// A folder with two data sets of all that labels can be: partial and absent classes picture by picture, crowds,
/// polygons and regions of every class.
class CompletedFiles : public ::testing::Test {
protected:
    void SetUp() override {
        for (int i = 0; i < kPictures; ++i) {
            const std::string name = "set/pictures/" + std::to_string(i) + ".png";
            dir_.write(name, encode_png(test::plain_image(64, 48, test::kRed)));
        }
        json coco{{"images", json::array()},
                  {"annotations",
                   {annotation(1, 1, {1.25, 2.5, 10.1, 20.3}, 0), annotation(1, 2, {0, 0, 64, 48}, 1),
                    annotation(2, 2, {30, 30, 34, 18}, 0), annotation(4, 3, {3, 3, 9.7, 4.1}, 0)}},
                  {"categories", {category(1, "plain"), category(2, "cloth"), category(3, "fingers")}}};
        for (int i = 0; i < kPictures; ++i) {
            coco["images"].push_back({{"id", i + 1}, {"file_name", std::to_string(i) + ".png"}});
        }
        dir_.write("set/all.json", coco.dump());
        dir_.write("set/states.csv", "image,class,state\n2.png,hand,absent\n3.png,hand,partial\n"
                                     "2.png,bare,unknown\n4.png,bare,absent\n1.png,head,absent\n");
        dir_.write("set/ignore.csv", "image,class,box,polygon\n0.png,*,,10 10 40 12 25 30\n1.png,head,0 0 20 20,\n"
                                     "1.png,*,5 5 20 20,\n3.png,hand,,1 1 30 1 30.5 20.25 1 20\n");
        config_ = dir_.write("config.json", R"({
          "schema_version": 1,
          "tasks": [{"name": "face", "classes": ["bare", "masked"]}, {"name": "hand"}, {"name": "head"}],
          "datasets": [
            {"name": "a/set", "format": "coco", "root": "set", "images": "pictures", "annotations": "all.json",
             "classes": {"plain": "bare", "cloth": "masked", "fingers": "hand"}, "image_labels": "states.csv",
             "ignore_regions": "ignore.csv", "ratio": 2.5},
            {"name": "bare", "format": "coco", "root": "set", "images": "pictures", "annotations": "all.json",
             "classes": {"plain": "bare"}}],
          "validation": [
            {"name": "v", "format": "coco", "root": "set", "images": "pictures", "annotations": "all.json",
             "classes": {"plain": "bare"}}],
          "train": {"pretrained": "w.safetensors", "init": "", "teachers": [{"model": "a"}, {"model": "../b"}]}
        })");
        options_ = load_dataset_list(config_, "datasets");
        datasets_ = load_datasets(options_, table());
    }

    static json annotation(int image, int category, const std::vector<double>& box, int crowd) {
        return {{"image_id", image}, {"category_id", category}, {"bbox", box}, {"iscrowd", crowd}};
    }
    static json category(int id, const char* name) { return {{"id", id}, {"name", name}}; }

    /// Random boxes of the classes that are unknown, of every second picture.
    CompletedDataset completed(std::size_t index) const {
        Random random(index + 1);
        CompletedDataset result{&options_[index], &datasets_[index], {}};
        for (const Record& record : datasets_[index].records()) {
            CompletedLabels& labels = result.records.emplace_back();
            labels.states = record.labels.states;
            for (std::size_t k = 0; k < labels.states.size(); ++k) {
                if (labels.states[k] != LabelState::unknown || random.integer(0, 1) == 0) continue;
                labels.states[k] = LabelState::exhaustive;
                const auto x = static_cast<float>(random.uniform(0, 30)), y = static_cast<float>(random.uniform(0, 20));
                const Box box{x, y, x + static_cast<float>(random.uniform(1, 30)), 48};
                labels.added.push_back({box, static_cast<int>(k), 0.75, 0, random.integer(0, 1) == 1});
            }
        }
        return result;
    }

    static Provenance provenance() { return {"banyan 1.2.3", {{"first", "m.onnx", 0xABC, {{0, {0.25, 0.5}, 0.75}}}}}; }

    /// Writes everything to `folder` and loads it again.
    std::vector<Dataset> written(const std::vector<CompletedDataset>& sets, const std::string& folder) const {
        for (const CompletedDataset& one : sets) {
            for (const NamedText& file : completed_files(one, "datasets", table(), provenance())) {
                write_file_atomically(folder + "/" + file.name, file.text);
            }
        }
        write_file_atomically(folder + "/datasets.json", completed_config(config_, "datasets", sets, table()));
        return load_datasets(load_dataset_list(folder + "/datasets.json", "datasets"), table());
    }

    static constexpr int kPictures = 5;
    TempDir dir_;
    std::string config_;
    std::vector<DatasetOptions> options_;
    std::vector<Dataset> datasets_;
};

/// Comparable, whatever the order: class, then bounds, then area.
std::vector<std::vector<double>> regions_of(const std::vector<IgnoreRegion>& regions) {
    std::vector<std::vector<double>> result;
    for (const IgnoreRegion& region : regions) {
        const Box box = bounds(region.area);
        result.push_back({static_cast<double>(region.class_id), static_cast<double>(box.x0),
                          static_cast<double>(box.y0), static_cast<double>(box.x1), static_cast<double>(box.y1),
                          area(region.area)});
    }
    std::sort(result.begin(), result.end());
    return result;
}

/// What was read is what there was and what was added, and nothing else.
void expect_completed(const Dataset& read, const CompletedDataset& completed) {
    ASSERT_EQ(read.size(), completed.dataset->size());
    EXPECT_TRUE(read.warnings().empty());
    for (std::size_t r = 0; r < read.size(); ++r) {
        const Record &record = read.record(r), &before = completed.dataset->record(r);
        const CompletedLabels& labels = completed.records[r];
        Labels expected = before.labels;
        for (const PseudoLabel& pseudo : labels.added) {
            if (pseudo.is_ignore) {
                expected.ignore.push_back({pseudo.box, pseudo.class_id});
            } else {
                expected.boxes.push_back({pseudo.box, pseudo.class_id});
            }
        }
        EXPECT_EQ(record.name, before.name);
        EXPECT_EQ(record.width, before.width);
        EXPECT_EQ(record.labels.states, labels.states) << record.name;
        EXPECT_EQ(regions_of(record.labels.ignore), regions_of(expected.ignore)) << record.name;
        ASSERT_EQ(record.labels.boxes.size(), expected.boxes.size()) << record.name;
        for (std::size_t i = 0; i < expected.boxes.size(); ++i) {
            EXPECT_EQ(record.labels.boxes[i].box, expected.boxes[i].box) << record.name;
            EXPECT_EQ(record.labels.boxes[i].class_id, expected.boxes[i].class_id);
        }
    }
}

TEST_F(CompletedFiles, LoadAsWhatThereWasAndWhatWasAdded) {
    const std::vector<CompletedDataset> sets{completed(0), completed(1)};
    const std::vector<Dataset> read = written(sets, dir_.file("out/deep"));
    ASSERT_EQ(read.size(), 2U);
    for (std::size_t i = 0; i < read.size(); ++i) {
        EXPECT_EQ(read[i].name(), datasets_[i].name());
        EXPECT_EQ(read[i].ratio(), datasets_[i].ratio());
        expect_completed(read[i], sets[i]);
    }
}

TEST_F(CompletedFiles, LoadAsTheOriginalWhereNothingWasAdded) {
    for (std::size_t i = 0; i < datasets_.size(); ++i) {
        CompletedDataset same{&options_[i], &datasets_[i], {}};
        for (const Record& record : datasets_[i].records()) same.records.push_back({{}, record.labels.states});
        expect_completed(written({same}, dir_.file("same")).at(0), same);
    }
}

TEST_F(CompletedFiles, SayWhereLabelsComeFrom) {
    const CompletedDataset set = completed(0);
    const std::vector<NamedText> files = completed_files(set, "datasets", table(), provenance());
    const json coco = json::parse(files.at(0).text);
    const json teacher = coco.at("info").at("teachers").at(0);
    EXPECT_EQ(coco.at("info").at("program"), "banyan 1.2.3");
    EXPECT_EQ(teacher.at("xxh3"), "0000000000000abc");
    EXPECT_EQ(teacher.at("classes").at("bare"), (json{{"low", 0.25}, {"high", 0.5}, {"ap", 0.75}}));
    std::size_t pseudo = 0, added = 0;
    for (const json& annotation : coco.at("annotations")) {
        EXPECT_EQ(annotation.contains("source"), annotation.contains("score"));
        if (!annotation.contains("source")) continue;
        ++pseudo;
        EXPECT_EQ(annotation.at("source"), "pseudo");
        EXPECT_EQ(annotation.at("teacher"), "first");
        EXPECT_EQ(annotation.at("score"), 0.75);
    }
    for (const CompletedLabels& labels : set.records) added += labels.added.size();
    EXPECT_EQ(pseudo, added);
    EXPECT_EQ(files.at(0).text, completed_files(set, "datasets", table(), provenance()).at(0).text);
}

TEST_F(CompletedFiles, TheConfigMayStandAnywhere) {
    const json config = json::parse(completed_config(config_, "datasets", {completed(1)}, table()));
    EXPECT_EQ(config.at("validation").at(0).at("root"), dir_.file("set"));
    EXPECT_EQ(config.at("train").at("pretrained"), dir_.file("w.safetensors"));
    EXPECT_EQ(config.at("train").at("init"), "");
    EXPECT_EQ(config.at("train").at("teachers").at(0).at("model"), dir_.file("a"));
    EXPECT_THAT(
        config.at("train").at("teachers").at(1).at("model").get<std::string>(),
        testing::AllOf(testing::StartsWith("/"), testing::EndsWith("/b"), testing::Not(testing::HasSubstr(".."))));
    EXPECT_EQ(config.at("tasks").size(), 3U);
    EXPECT_EQ(config.at("datasets").size(), 1U);
    const json other = json::parse(completed_config(config_, "validation", {completed(1)}, table()));
    EXPECT_EQ(other.at("datasets").at(0).at("root"), dir_.file("set"));
    EXPECT_EQ(other.at("validation").at(0).at("root"), ".");
}

TEST_F(CompletedFiles, ClassesOfWhichNothingIsKnownAreNotMapped) {
    CompletedDataset same{&options_[1], &datasets_[1], {}};
    for (const Record& record : datasets_[1].records()) same.records.push_back({{}, record.labels.states});
    const json config = json::parse(completed_config(config_, "datasets", {same}, table()));
    EXPECT_EQ(config.at("datasets").at(0).at("classes"), (json{{"bare", "bare"}}));
}

TEST_F(CompletedFiles, NamesThatAreNoFileNamesStayApart) {
    const std::string file = completed_files(completed(0), "datasets", table(), provenance()).at(0).name;
    EXPECT_THAT(file, testing::AllOf(testing::StartsWith("set-a_set-"), testing::EndsWith(".coco.json")));
    EXPECT_EQ(completed_files(completed(1), "datasets", table(), provenance()).at(0).name, "bare.coco.json");
}

TEST_F(CompletedFiles, SetsOfOneNameInBothListsStayApart) {
    EXPECT_EQ(completed_files(completed(1), "validation", table(), provenance()).at(0).name,
              "bare@validation.coco.json");
    const json config = json::parse(completed_config(config_, "validation", {completed(1)}, table()));
    EXPECT_EQ(config.at("validation").at(0).at("annotations"), "bare@validation.coco.json");
    EXPECT_EQ(config.at("validation").at(0).at("image_labels"), "bare@validation.states.json");
}

TEST_F(CompletedFiles, RefusePicturesOfSeveralFolders) {
    Record near = datasets_[0].record(0), far = datasets_[0].record(1);
    far.file = "/elsewhere/1.png";
    const Dataset scattered("s", {near, far}, near.labels.states);
    CompletedDataset set{&options_[0], &scattered, {{{}, near.labels.states}, {{}, far.labels.states}}};
    expect_error<DataError>([&] { completed_files(set, "datasets", table(), provenance()); },
                            {"elsewhere", "one folder"});
}

TEST(RealCompletedFiles, KeepEveryLabel) {
    if (!has_shared_data("data/coco128") || !has_shared_data("data/masks")) GTEST_SKIP() << "needs shared data";
    const std::string config = std::string(BANYAN_SOURCE_DIR) + "/configs/people.json";
    const ClassTable people(
        {{"person", {"person"}}, {"head", {"head"}}, {"torso", {"torso"}}, {"face", {"face"}}, {"hand", {"hand"}}});
    const std::vector<DatasetOptions> options = load_dataset_list(config, "datasets");
    const std::vector<Dataset> datasets = load_datasets(options, people);
    const TempDir dir;
    std::vector<CompletedDataset> sets;
    for (std::size_t i = 0; i < datasets.size(); ++i) {
        CompletedDataset& same = sets.emplace_back();
        same.options = &options[i];
        same.dataset = &datasets[i];
        for (const Record& record : datasets[i].records()) same.records.push_back({{}, record.labels.states});
        for (const NamedText& file : completed_files(same, "datasets", people, {})) dir.write(file.name, file.text);
    }
    dir.write("datasets.json", completed_config(config, "datasets", sets, people));
    const auto read = load_datasets(load_dataset_list(dir.file("datasets.json"), "datasets"), people);
    for (std::size_t i = 0; i < read.size(); ++i) expect_completed(read[i], sets[i]);
}

} // namespace
} // namespace banyan
