#include "data/dataset.h"

#include <cmath>
#include <cstdlib>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data_faults.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

using test::data_fault;
using test::write_picture;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::vector<DatasetOptions> parse(const std::string& datasets) {
    ConfigReader reader = ConfigReader::from_text(R"({"datasets": )" + datasets + "}", "/configs/a.json");
    return parse_datasets(reader);
}

TEST(ParseDatasets, ReadsAllMembers) {
    const auto datasets = parse(R"([{"name": "masks", "format": "yolo", "root": "../data/masks", "images": "train",
        "annotations": "names.txt", "split": "val.txt", "limit": 9, "ratio": 2.5,
        "classes": {"no-mask": "face", "mask": "face"}, "labels": {"face": "partial", "hand": "absent"}}])");
    ASSERT_EQ(datasets.size(), 1U);
    const DatasetOptions& options = datasets[0];
    EXPECT_EQ(options.name, "masks");
    EXPECT_EQ(options.format, DatasetFormat::yolo);
    EXPECT_EQ(options.root, "/data/masks");
    EXPECT_EQ(options.images, "train");
    EXPECT_EQ(options.annotations, "names.txt");
    EXPECT_EQ(options.split, "val.txt");
    EXPECT_EQ(options.limit, 9);
    EXPECT_EQ(options.ratio, 2.5);
    EXPECT_THAT(options.classes, ElementsAre(Pair("no-mask", "face"), Pair("mask", "face")));
    EXPECT_THAT(options.labels, ElementsAre(Pair("face", LabelState::partial), Pair("hand", LabelState::absent)));
    EXPECT_EQ(options.where, "/configs/a.json:/datasets/0");
}

TEST(ParseDatasets, ReadsWhatIsKnownOfSinglePictures) {
    const std::string begin = R"([{"name": "a", "format": "voc", "root": "/d", "classes": {"x": "y"}, )";
    const auto datasets = parse(begin + R"("image_labels": "states.csv", "label_names": "names.csv",
        "ignore_regions": ["a.csv", "b.json"], "other_classes": ["leg"],
        "absent_without": {"person": ["face", "hand"], "face": ["eye"]}}])");
    EXPECT_THAT(datasets[0].image_labels, ElementsAre("states.csv"));
    EXPECT_EQ(datasets[0].label_names, "names.csv");
    EXPECT_THAT(datasets[0].ignore_regions, ElementsAre("a.csv", "b.json"));
    EXPECT_THAT(datasets[0].other_classes, ElementsAre("leg"));
    EXPECT_THAT(datasets[0].absent_without,
                ElementsAre(Pair("person", ElementsAre("face", "hand")), Pair("face", ElementsAre("eye"))));
    for (const std::string wrong : {R"("image_labels": 1)", R"("image_labels": "")", R"("ignore_regions": [""])",
                                    R"("absent_without": {"person": "face"})"}) {
        expect_error<ConfigError>([&] { parse(begin + wrong + "}]"); }, {"/datasets/0/"});
    }
}

TEST(ParseDatasets, DefaultsBelongToTheFormat) {
    const auto datasets = parse(R"([{"name": "a", "format": "yolo", "root": "/d", "classes": {"x": "y"}},
                                    {"name": "b", "format": "voc", "root": "/d", "classes": {"x": "y"}}])");
    EXPECT_EQ(datasets[0].images, ".");
    EXPECT_EQ(datasets[0].annotations, "data.yaml");
    EXPECT_EQ(datasets[1].images, "JPEGImages");
    EXPECT_EQ(datasets[1].annotations, "Annotations");
    EXPECT_EQ(datasets[1].limit, 0);
    EXPECT_EQ(datasets[1].ratio, 1.0);
}

TEST(ParseDatasets, FaultsAreLocated) {
    const auto refuse = [](const std::string& datasets, const std::vector<std::string>& words) {
        expect_error<ConfigError>([&] { parse(datasets); }, words);
    };
    refuse("[]", {"/datasets", "at least one"});
    refuse(R"([{"name": "", "format": "voc", "root": "/d", "classes": {}}])", {"/datasets/0/name"});
    refuse(R"([{"name": "a", "format": "coko", "root": "/d", "classes": {}}])", {"0/format", "did you mean \"coco\""});
    refuse(R"([{"name": "a", "format": "coco", "root": "/d", "classes": {}}])", {"/datasets/0/annotations", "missing"});
    refuse(R"([{"name": "a", "format": "voc", "root": "/d"}])", {"/datasets/0/classes", "missing"});
    refuse(R"([{"name": "a", "format": "voc", "root": "/d", "classes": {"x": 1}}])", {"/datasets/0/classes/x"});
    refuse(R"([{"name": "a", "format": "voc", "root": "/d", "classes": {}, "ratio": 0}])", {"/datasets/0/ratio"});
    refuse(R"([{"name": "a", "format": "voc", "root": "/d", "classes": {}, "labels": {"y": "full"}}])", {"/labels/y"});
    refuse(R"([{"name": "a", "format": "voc", "root": "/d", "classes": {}, "split_file": "x"}])", {"split_file"});
    const std::string one = R"({"name": "a", "format": "voc", "root": "/d", "classes": {"x": "y"}})";
    refuse("[" + one + "," + one + "]", {"/datasets/1/name", "named twice"});
}

TEST(ResolveDataPath, IsRelativeToTheConfig) {
    EXPECT_EQ(resolve_data_path("../x/./y", "/a/b/c.json", "w"), "/a/x/y");
    EXPECT_EQ(resolve_data_path("/abs", "/a/b/c.json", "w"), "/abs");
    EXPECT_EQ(resolve_data_path("x", "c.json", "w"), "x");
}

TEST(ResolveDataPath, ExpandsVariables) {
    ::setenv("BANYAN_TEST_ROOT", "/mnt/data", 1);
    ::setenv("BANYAN_TEST_EMPTY", "", 1);
    ::unsetenv("BANYAN_TEST_UNSET");
    EXPECT_EQ(resolve_data_path("${BANYAN_TEST_ROOT}/coco", "/a/c.json", "w"), "/mnt/data/coco");
    EXPECT_EQ(resolve_data_path("${BANYAN_TEST_ROOT:-x}/coco", "/a/c.json", "w"), "/mnt/data/coco");
    EXPECT_EQ(resolve_data_path("${BANYAN_TEST_UNSET:-../d}/coco", "/a/c.json", "w"), "/d/coco");
    EXPECT_EQ(resolve_data_path("${BANYAN_TEST_EMPTY:-y}", "/a/c.json", "w"), "/a/y");
    EXPECT_EQ(resolve_data_path("/${BANYAN_TEST_UNSET:-a}${BANYAN_TEST_UNSET:-b}$c", "/a/c.json", "w"), "/ab$c");
    expect_error<ConfigError>([] { resolve_data_path("${BANYAN_TEST_UNSET}/x", "c", "c:/root"); },
                              {"c:/root", "BANYAN_TEST_UNSET is not set"});
    expect_error<ConfigError>([] { resolve_data_path("${BANYAN_TEST_EMPTY}", "c", "c:/root"); }, {"is not set"});
    expect_error<ConfigError>([] { resolve_data_path("${A", "c", "c:/root"); }, {"closing brace"});
    expect_error<ConfigError>([] { resolve_data_path("${A-b}", "c", "c:/root"); }, {"wrong variable"});
    expect_error<ConfigError>([] { resolve_data_path("${}", "c", "c:/root"); }, {"wrong variable"});
    expect_error<ConfigError>([] { resolve_data_path("${A:-${B}}", "c", "c:/root"); }, {"wrong variable"});
}

/// A YOLO set of one picture with the source classes mask and no-mask, one box of each.
class LoadDataset : public testing::Test {
protected:
    LoadDataset() {
        dir_.write("data.yaml", "names: ['mask', 'no-mask']");
        write_picture(dir_, "images/a.png", 10, 10);
        dir_.write("labels/a.txt", "0 0.5 0.5 0.5 0.5\n1 0.5 0.5 1 1\n");
        options_.name = "masks";
        options_.where = "a.json:/datasets/0";
        options_.format = DatasetFormat::yolo;
        options_.root = dir_.path();
        options_.images = ".";
        options_.annotations = "data.yaml";
        options_.classes = {{"mask", "face"}, {"no-mask", "face"}};
        options_.ratio = 3;
    }
    Dataset load() const { return load_dataset(options_, table_); }
    void refuse(const std::vector<std::string>& words) const {
        expect_error<ConfigError>([&] { load(); }, words);
    }

    TempDir dir_;
    DatasetOptions options_;
    ClassTable table_{{{"face", {"face", "masked"}}, {"hand", {"hand"}}}};
};

TEST_F(LoadDataset, MergesClassesAndLeavesOthersUnknown) {
    const Dataset dataset = load();
    EXPECT_EQ(dataset.name(), "masks");
    EXPECT_EQ(dataset.ratio(), 3);
    EXPECT_THAT(dataset.box_counts(), ElementsAre(2, 0, 0));
    EXPECT_THAT(dataset.states(), ElementsAre(LabelState::exhaustive, LabelState::unknown, LabelState::unknown));
    EXPECT_EQ(dataset.record(0).labels.states, dataset.states());
}

TEST_F(LoadDataset, StarStandsForAllClassesNotNamed) {
    options_.classes = {{"*", "face"}, {"mask", "masked"}};
    EXPECT_THAT(load().box_counts(), ElementsAre(1, 1, 0));
}

TEST_F(LoadDataset, LabelsSetTheStates) {
    options_.labels = {{"face", LabelState::partial}, {"hand", LabelState::absent}};
    EXPECT_THAT(load().states(), ElementsAre(LabelState::partial, LabelState::unknown, LabelState::absent));
}

TEST_F(LoadDataset, DatasetWithoutObjectsCanSayWhatIsAbsent) {
    options_.classes = {};
    options_.labels = {{"hand", LabelState::absent}};
    EXPECT_THAT(load().states(), ElementsAre(LabelState::unknown, LabelState::unknown, LabelState::absent));
}

TEST_F(LoadDataset, WrongNamesAreConfigErrors) {
    options_.classes = {{"mask", "fase"}};
    refuse({"a.json:/datasets/0/classes/mask", "unknown class \"fase\"", "did you mean \"face\""});
    options_.classes = {{"maks", "face"}};
    refuse({"classes/maks", "the data set has no class \"maks\"", "did you mean \"mask\""});
    options_.classes = {{"helicopter", "face"}};
    refuse({"there are \"mask\", \"no-mask\""});
    options_.classes = {{"mask", "face"}};
    options_.labels = {{"foot", LabelState::absent}};
    refuse({"labels/foot", "unknown class \"foot\""});
}

TEST_F(LoadDataset, ContradictoryStatesAreConfigErrors) {
    options_.labels = {{"face", LabelState::absent}};
    refuse({"labels/face", "cannot be absent"});
    options_.labels = {{"face", LabelState::unknown}};
    refuse({"labels/face", "cannot be unknown"});
    options_.labels = {{"hand", LabelState::exhaustive}};
    refuse({"labels/hand", "no source class is mapped"});
    options_.labels = {};
    options_.classes = {};
    refuse({"classes", "labels no class"});
}

TEST_F(LoadDataset, FaultsOfAllDatasetsAreThrownTogether) {
    DatasetOptions other = options_;
    other.name = "again";
    EXPECT_EQ(load_datasets({options_, other}, table_).size(), 2U);
    dir_.write("labels/a.txt", "7 0.5 0.5 0.5 0.5\n");
    const std::string text = data_fault([&] { load_datasets({options_, other}, table_); });
    EXPECT_THAT(text, AllOf(HasSubstr("2 problems"), HasSubstr("[1] masks: "), HasSubstr("[2] again: ")));
}

TEST_F(LoadDataset, CoverageNamesClassesThatNobodyLabels) {
    std::vector<Dataset> datasets{load()};
    expect_error<DataError>([&] { check_label_coverage(datasets, table_); }, {"\"masked\", \"hand\""});
    options_.classes = {{"mask", "masked"}, {"no-mask", "hand"}};
    datasets.push_back(load());
    EXPECT_NO_THROW(check_label_coverage(datasets, table_));
}

TEST(DatasetClass, CountsBoxesOfEachClass) {
    Record record;
    record.labels.boxes = {{{0, 0, 1, 1}, 1}, {{0, 0, 2, 2}, 1}};
    const Dataset dataset("a", {record, record}, {LabelState::unknown, LabelState::partial});
    EXPECT_THAT(dataset.box_counts(), ElementsAre(0, 4));
    EXPECT_THROW(Dataset("a", {}, {}, 0.0), CheckError);
}

TEST(DatasetClass, FingerprintTellsEveryChangeOfThePicturesAndLabels) {
    Record record;
    record.name = "a.png";
    record.width = record.height = 9;
    record.labels.boxes = {{{0, 0, 1, 1}, 0}};
    record.labels.ignore = {{Box{0, 0, 1, 1}, 0}};
    record.labels.states = {LabelState::exhaustive};
    record.labels.regions = {{Box{0, 0, 4, 4}, {LabelState::absent}}};
    const auto fingerprint = [](const Record& one) {
        return Dataset("", {one, one}, {LabelState::exhaustive}).fingerprint();
    };
    const std::vector<std::function<void(Record&)>> changes = {
        [](Record& one) { one.name = "b.png"; },
        [](Record& one) { one.width = 10; },
        [](Record& one) { one.height = 10; },
        [](Record& one) { one.labels.boxes[0].box.y1 = std::nextafter(1.0F, 2.0F); },
        [](Record& one) { one.labels.boxes[0].class_id = 1; },
        [](Record& one) { one.labels.boxes.clear(); },
        [](Record& one) { one.labels.ignore[0].class_id = -1; },
        [](Record& one) { one.labels.ignore[0].area.corners[2].x = 2; },
        [](Record& one) { one.labels.states[0] = LabelState::partial; },
        [](Record& one) { one.labels.regions[0].states[0] = LabelState::unknown; },
        [](Record& one) { one.labels.regions[0].area.corners.pop_back(); },
    };
    std::set<std::uint64_t> seen = {fingerprint(record)};
    for (const auto& change : changes) {
        Record changed = record;
        change(changed);
        EXPECT_TRUE(seen.insert(fingerprint(changed)).second) << "change " << seen.size();
    }
    Record moved = record;
    moved.file = "/elsewhere/a.png";
    EXPECT_EQ(fingerprint(moved), fingerprint(record));
    EXPECT_NE(Dataset("", {record}, {LabelState::exhaustive}).fingerprint(), fingerprint(record));
}

TEST(LabelStateName, NamesAllStates) {
    EXPECT_STREQ(label_state_name(LabelState::unknown), "unknown");
    EXPECT_STREQ(label_state_name(LabelState::partial), "partial");
    EXPECT_STREQ(label_state_name(LabelState::exhaustive), "exhaustive");
    EXPECT_STREQ(label_state_name(LabelState::absent), "absent");
}

} // namespace
} // namespace banyan
