#include "data/label_lists.h"

#include <string>
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
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr LabelState kExhaustive = LabelState::exhaustive, kPartial = LabelState::partial, kAbsent = LabelState::absent,
                     kUnknown = LabelState::unknown;

/// A YOLO set of three pictures of 20 x 10 pixels with the source classes man, woman and mask. "a" has a man, "b" a
/// woman, "c" nothing. Ours: person (man and woman), and the task head with the classes face and hat; mask is face.
class LabelLists : public testing::Test {
protected:
    LabelLists() {
        dir_.write("data.yaml", "names: [man, woman, mask]");
        for (const char* name : {"a", "b", "c"}) write_picture(dir_, std::string("images/") + name + ".png", 20, 10);
        dir_.write("labels/a.txt", "0 0.5 0.5 0.5 0.5\n");
        dir_.write("labels/b.txt", "1 0.5 0.5 0.5 0.5\n");
        dir_.write("labels/c.txt", "");
        options_.name = "set";
        options_.where = "config.json:/datasets/0";
        options_.format = DatasetFormat::yolo;
        options_.root = dir_.path();
        options_.images = ".";
        options_.annotations = "data.yaml";
        options_.classes = {{"man", "person"}, {"woman", "person"}, {"mask", "face"}};
    }

    Dataset load() const { return load_dataset(options_, table_); }
    std::string fault() const {
        return data_fault([&] { load(); });
    }
    void list(const std::string& text, const std::string& name = "states.csv") {
        options_.image_labels = {name};
        dir_.write(name, text);
    }
    void ignore(const std::string& text) {
        options_.ignore_regions = {"ignore.csv"};
        dir_.write("ignore.csv", text);
    }
    /// States of the pictures a, b, c for one class.
    std::vector<LabelState> states(int class_id) const {
        const Dataset dataset = load();
        std::vector<LabelState> result;
        for (const Record& record : dataset.records()) {
            result.push_back(record.labels.states.at(static_cast<std::size_t>(class_id)));
        }
        return result;
    }

    static constexpr int kPerson = 0, kFace = 1, kHat = 2;
    TempDir dir_;
    DatasetOptions options_;
    ClassTable table_{{{"person", {"person"}}, {"head", {"face", "hat"}}}};
};

TEST_F(LabelLists, StatesOfAListReplaceThoseOfTheDataSet) {
    list("image,class,state\nimages/a.png,person,partial\nimages/b.png,face,absent\nimages/c.png,hat,absent\n");
    EXPECT_THAT(states(kPerson), ElementsAre(kPartial, kExhaustive, kExhaustive));
    EXPECT_THAT(states(kFace), ElementsAre(kExhaustive, kAbsent, kExhaustive));
    EXPECT_THAT(states(kHat), ElementsAre(kUnknown, kUnknown, kAbsent));
    list(R"([{"image": "images/a.png", "class": "person", "state": "unknown"}])", "states.json");
    EXPECT_THAT(states(kPerson), ElementsAre(kUnknown, kExhaustive, kExhaustive));
}

TEST_F(LabelLists, PicturesAreFoundByShorterNames) {
    list("image,class,state\n./images/a.png,person,partial\nb.png,person,partial\nimages/c,person,partial\n");
    EXPECT_THAT(states(kPerson), Each(kPartial));
    write_picture(dir_, "more/images/a.png", 20, 10);
    dir_.write("more/labels/a.txt", "");
    list("image,class,state\na.png,person,partial\n");
    EXPECT_THAT(fault(), HasSubstr("states.csv:2: several pictures are called \"a.png\""));
}

TEST_F(LabelLists, CloserNamesGoFirst) {
    list("image,class,state\na.png,face,partial\na.png,head,absent\na.png,*,unknown\nc.png,*,absent\n");
    EXPECT_THAT(states(kPerson), ElementsAre(kUnknown, kExhaustive, kAbsent));
    EXPECT_THAT(states(kFace), ElementsAre(kPartial, kExhaustive, kAbsent));
    EXPECT_THAT(states(kHat), ElementsAre(kAbsent, kUnknown, kAbsent));
}

TEST_F(LabelLists, ExhaustiveTasksLeaveOutClassesThatCannotHaveBoxes) {
    options_.labels = {{"face", kPartial}};
    list("image,class,state\na.png,head,exhaustive\nb.png,*,exhaustive\n");
    EXPECT_THAT(states(kFace), ElementsAre(kExhaustive, kExhaustive, kPartial));
    EXPECT_THAT(states(kHat), Each(kUnknown));
    list("image,class,state\na.png,hat,exhaustive\n");
    EXPECT_THAT(fault(), HasSubstr("states.csv:2: \"hat\" is exhaustive but no source class is mapped to it"));
}

TEST_F(LabelLists, UnknownNamesAreProblemsWithTheirLines) {
    list("image,class,state\nd.png,person,absent\nc.png,persn,absent\nc.png,person,abscent\nc.png,zebra,absent\n");
    EXPECT_THAT(fault(),
                AllOf(HasSubstr("4 problems"), HasSubstr("states.csv:2: no picture \"d.png\" in the data set"),
                      HasSubstr("states.csv:3: unknown class \"persn\""), HasSubstr("did you mean \"person\""),
                      HasSubstr("states.csv:4: unknown state \"abscent\""), HasSubstr("did you mean \"absent\""),
                      HasSubstr("states.csv:5: unknown class \"zebra\"")));
    std::string many = "image,class,state\n";
    for (int i = 0; i < 50; ++i) many += "none" + std::to_string(i) + ".png,person,absent\n";
    list(many);
    EXPECT_THAT(fault(),
                AllOf(HasSubstr("50 problems"), HasSubstr("first 20"), HasSubstr("[20] "), Not(HasSubstr("[21] "))));
    list("image,class,state\nc.png,person\n");
    EXPECT_THAT(fault(), HasSubstr("states.csv:2: wrong number of fields"));
    list("image,class,state\n../../etc/passwd,person,absent\n");
    EXPECT_THAT(fault(), HasSubstr("no picture"));
    options_.image_labels = {"missing.csv"};
    expect_error<IoError>([&] { load(); }, {"missing.csv"});
}

TEST_F(LabelLists, PicturesOutsideTheSplitMayBeListed) {
    options_.split = "split.txt";
    dir_.write("split.txt", "images/a.png\n");
    list("image,class,state\nimages/c.png,person,absent\nc,face,absent\na,face,absent\n");
    EXPECT_THAT(states(kFace), ElementsAre(kAbsent));
}

TEST_F(LabelLists, ContradictionsAreProblems) {
    list("image,class,state\na.png,person,absent\n");
    EXPECT_THAT(fault(), HasSubstr("\"person\" is absent from images/a.png but the picture has 1 box of it"));
    list("image,class,state\nc.png,person,absent\nc.png,person,absent\nc.png,person,partial\n");
    EXPECT_THAT(fault(), AllOf(HasSubstr("states.csv:4: \"person\" is partial in images/c.png here but absent at "),
                               HasSubstr("states.csv:2")));
}

TEST_F(LabelLists, AMappedClassMayBeUnknownUnlessListed) {
    options_.labels = {{"person", kUnknown}};
    expect_error<ConfigError>([&] { load(); }, {"labels/person", "cannot be unknown", "image_labels"});
    list("image,class,state\nc.png,person,exhaustive\n");
    EXPECT_THAT(states(kPerson), ElementsAre(kUnknown, kUnknown, kExhaustive));
}

TEST_F(LabelLists, VerifiedLabelsTellWhatIsThereAndWhatIsNot) {
    options_.labels = {{"person", kPartial}, {"face", kPartial}};
    list("ImageID,Source,LabelName,Confidence\n"
         "a,verification,man,1\na,verification,woman,0\n" // all of person verified
         "b,verification,woman,1\n"                       // man is not told
         "c,verification,man,0\nc,crowdsource-verification,woman,0\nc,verification,mask,1\n"
         "b,machine,mask,1.0\na,verification,mask,0.7\nzzz,verification,mask,1\na,verification,Tree,1\n");
    EXPECT_THAT(states(kPerson), ElementsAre(kExhaustive, kPartial, kAbsent));
    EXPECT_THAT(states(kFace), ElementsAre(kPartial, kPartial, kUnknown)); // c: there, but without a box
    EXPECT_THAT(load().warnings(), ElementsAre(HasSubstr("verified present in a picture that has no box of them, taken "
                                                         "as unknown there: 1")));
    list("ImageID,Source,LabelName,Confidence\nc,verification,man,0\n"); // there may be a woman
    EXPECT_THAT(states(kPerson), Each(kPartial));
}

TEST_F(LabelLists, VerifiedLabelsMayUseCodes) {
    options_.label_names = "names.csv";
    dir_.write("names.csv", "LabelName,DisplayName\n/m/01,mask\n/m/02,\"Tree, old\"\n");
    list("ImageID,LabelName,Confidence\nb,/m/01,0\nb,/m/02,1\n");
    EXPECT_THAT(states(kFace), ElementsAre(kExhaustive, kAbsent, kExhaustive));
    dir_.write("names.csv", "/m/01,mask,x\n");
    EXPECT_THAT(fault(), AllOf(HasSubstr("names.csv:1: wrong number of fields"), HasSubstr("no row is about")));
}

TEST_F(LabelLists, FaultsOfVerifiedLabelsAreProblems) {
    const std::string header = "ImageID,Source,LabelName,Confidence\n";
    list(header + "a,verification,Tree,1\n");
    EXPECT_THAT(fault(), AllOf(HasSubstr("no row is about a picture and a class"), HasSubstr("label_names")));
    list(header + "c,verification,mask,2\nc,verification,man,0\n");
    EXPECT_THAT(fault(), HasSubstr("states.csv:2: wrong Confidence; expected a number in [0, 1], found 2"));
    list(header + "c,verification,mask,0\nc,verification,mask,1\n");
    EXPECT_THAT(fault(), AllOf(HasSubstr("states.csv:3: the picture's label is verified present and absent"),
                               HasSubstr("states.csv:2")));
    list(header + "a,verification,man,0\na,verification,woman,0\n");
    EXPECT_THAT(fault(), HasSubstr("\"person\" is absent from images/a.png but the picture has 1 box of it"));
}

TEST_F(LabelLists, IgnoreRegionsAreBoxesOrPolygonsOfOneSomeOrAllClasses) {
    ignore("image,class,box,polygon\na.png,person,1 2 5 6,\nb.png,head,,0 0 8 0 0 8\nc.png,*,-4 -4 400 5,\n");
    const Dataset dataset = load();
    ASSERT_EQ(dataset.record(0).labels.ignore.size(), 1U);
    EXPECT_EQ(dataset.record(0).labels.ignore[0].area, Polygon(Box{1, 2, 5, 6}));
    EXPECT_EQ(dataset.record(0).labels.ignore[0].class_id, kPerson);
    ASSERT_EQ(dataset.record(1).labels.ignore.size(), 2U);
    EXPECT_EQ(dataset.record(1).labels.ignore[1].class_id, kHat);
    EXPECT_EQ(area(dataset.record(1).labels.ignore[0].area), 32);
    ASSERT_EQ(dataset.record(2).labels.ignore.size(), 1U);
    EXPECT_EQ(dataset.record(2).labels.ignore[0].class_id, -1);
    EXPECT_EQ(bounds(dataset.record(2).labels.ignore[0].area), (Box{0, 0, 20, 5})); // cut to the picture
}

TEST_F(LabelLists, FaultyIgnoreRegionsAreProblems) {
    ignore("image,class,box,polygon\na.png,person,,\na.png,person,1 1 2 2,1 1 2 2 3 3\na.png,person,5 5 2 6,\n"
           "a.png,person,1 1 2,\na.png,person,,1 1 2 2\na.png,person,,1 1 2 2 3\na.png,person,20 0 30 9,\n"
           "a.png,persn,0 0 3 3,\nd.png,person,0 0 3 3,\na.png,person,,1 1 5 5 9 9\n");
    EXPECT_THAT(
        fault(),
        AllOf(HasSubstr("ignore.csv:2: neither box nor polygon"), HasSubstr("ignore.csv:3: a box and a polygon"),
              HasSubstr("ignore.csv:4: wrong box; expected x0, y0, x1, y1 with x0 < x1 and y0 < y1, found 5, 5, 2, 6"),
              HasSubstr("ignore.csv:5: wrong box"),
              HasSubstr("ignore.csv:6: wrong polygon; expected x, y of at least 3 corners, found 4 numbers"),
              HasSubstr("ignore.csv:7: wrong polygon"), HasSubstr("ignore.csv:8: ignore region without an area"),
              HasSubstr("ignore.csv:9: unknown class"), HasSubstr("ignore.csv:10: no picture")));
    EXPECT_THAT(fault(), HasSubstr("ignore.csv:11: ignore region without an area"));
}

TEST_F(LabelLists, ClassesAreAbsentWithoutAnother) {
    options_.classes = {{"man", "person"}, {"woman", "person"}};
    options_.absent_without = {{"face", {"hat"}}, {"person", {"face"}}};
    EXPECT_THAT(states(kFace), ElementsAre(kUnknown, kUnknown, kAbsent));
    EXPECT_THAT(states(kHat), ElementsAre(kUnknown, kUnknown, kAbsent)); // rules build on each other in any order
    EXPECT_THAT(load().notes(), ElementsAre("face: absent in 1 of 3 pictures by \"absent_without\"",
                                            "hat: absent in 1 of 3 pictures by \"absent_without\""));
    EXPECT_THAT(load().warnings(), IsEmpty());
}

TEST_F(LabelLists, AbsenceIsTakenOnlyFromWhatIsVerified) {
    options_.classes = {{"man", "person"}, {"woman", "person"}};
    options_.absent_without = {{"person", {"face"}}};
    options_.labels = {{"person", kPartial}};
    EXPECT_THAT(states(kFace), Each(kUnknown));
    options_.labels = {};
    ignore("image,class,box\nc,person,0 0 5 5\n"); // there may be one in it
    EXPECT_THAT(states(kFace), Each(kUnknown));
    ignore("image,class,box\nc,*,0 0 5 5\n");
    EXPECT_THAT(states(kFace), Each(kUnknown));
    ignore("image,class,box\nc,hat,0 0 5 5\n");
    EXPECT_THAT(states(kFace), ElementsAre(kUnknown, kUnknown, kAbsent));
    list("image,class,state\nc,person,absent\n");
    EXPECT_THAT(states(kFace), ElementsAre(kUnknown, kUnknown, kAbsent));
}

TEST_F(LabelLists, ADroppedBoxTellsOfAnInstance) {
    options_.classes = {{"man", "person"}, {"woman", "person"}};
    options_.absent_without = {{"person", {"face"}}};
    dir_.write("labels/c.txt", "0 0.5 0.5 0 0.5\n"); // no area
    EXPECT_THAT(states(kFace), Each(kUnknown));
}

TEST_F(LabelLists, AbsenceRulesChangeOnlyWhatIsUnknown) {
    options_.absent_without = {{"person", {"face", "hat"}}};
    EXPECT_THAT(states(kFace), Each(kExhaustive));
    EXPECT_THAT(states(kHat), ElementsAre(kUnknown, kUnknown, kAbsent));
}

TEST_F(LabelLists, WrongAbsenceRulesAreConfigErrors) {
    options_.absent_without = {{"persn", {"face"}}};
    expect_error<ConfigError>([&] { load(); }, {"/absent_without/persn", "did you mean \"person\""});
    options_.absent_without = {{"person", {"fase"}}};
    expect_error<ConfigError>([&] { load(); }, {"/absent_without/person", "did you mean \"face\""});
    options_.absent_without = {{"person", {"face", "person"}}};
    expect_error<ConfigError>([&] { load(); }, {"/absent_without/person", "implies itself"});
}

TEST_F(LabelLists, OtherClassesAreReadAndDropped) {
    table_ = ClassTable({{"head", {"face", "hat"}}});
    options_.other_classes = {"person", "face"};
    options_.absent_without = {{"person", {"hat"}}};
    list("image,class,state\na,person,partial\nb,hat,absent\n");
    ignore("image,class,box\na,person,0 0 5 5\na,face,0 0 5 5\n");
    const Dataset dataset = load();
    EXPECT_THAT(dataset.states(), ElementsAre(kExhaustive, kUnknown));
    EXPECT_THAT(dataset.box_counts(), ElementsAre(0, 0));
    EXPECT_THAT(states(1), ElementsAre(kUnknown, kAbsent, kAbsent));
    EXPECT_EQ(dataset.record(0).labels.ignore.size(), 1U);
    options_.other_classes = {};
    EXPECT_THROW(load(), ConfigError);
}

TEST_F(LabelLists, StatesAreCountedAndDescribed) {
    list("image,class,state\na.png,person,partial\nc.png,hat,absent\n");
    const Dataset dataset = load();
    EXPECT_THAT(dataset.state_counts(),
                ElementsAre(StateCounts{2, 1, 0, 0}, StateCounts{3, 0, 0, 0}, StateCounts{0, 0, 1, 2}));
    EXPECT_EQ(describe(dataset, table_), "3 pictures; boxes: person 2; states: person 2 exhaustive, 1 partial; face 3 "
                                         "exhaustive; hat 1 absent, 2 unknown");
}

TEST_F(LabelLists, CoverageCountsClassesThatOnlyListsLabel) {
    options_.labels = {{"person", kUnknown}, {"face", kUnknown}};
    list("image,class,state\na.png,person,exhaustive\n");
    expect_error<DataError>([&] { check_label_coverage({load()}, table_); }, {"no data set labels \"face\", \"hat\""});
}

} // namespace
} // namespace banyan
