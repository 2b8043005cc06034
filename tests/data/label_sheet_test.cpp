#include "data/label_sheet.h"

#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data_faults.h"
#include "image/draw.h"
#include "support/painted_image.h"

namespace banyan {
namespace {

using test::pixel;
using test::plain_image;
using test::Rgb;
using testing::StartsWith;

constexpr int kSide = 160, kBar = 20, kCaption = 22, kGap = 8;

/// A green picture; its left half belongs to a tile with other states than the rest.
class LabelSheet : public testing::Test {
protected:
    LabelSheet() {
        picture_.caption = "set: a.png";
        picture_.image = plain_image(kSide, kSide, {40, 160, 40});
        picture_.labels.states = {LabelState::exhaustive, LabelState::unknown, LabelState::absent};
        picture_.labels.regions = {
            {Box{0, 0, 80, 160}, {LabelState::unknown, LabelState::partial, LabelState::absent}}};
        picture_.labels.boxes = {{{100, 100, 140, 140}, 0}};
        picture_.labels.ignore = {{Box{90, 10, 150, 70}, 2}};
    }
    Rgb at(const Image& block, int panel, int x, int y) const {
        return pixel(block, panel * (kSide + kGap) + x, kCaption + kBar + y);
    }

    ClassTable table_{{{"face", {"face"}}, {"hand", {"left", "right"}}}};
    LabelPicture picture_;
};

TEST_F(LabelSheet, ShadesEachTaskByWhatIsKnown) {
    const Image block = draw_label_panels(picture_, table_, kSide);
    EXPECT_EQ(block.width, 2 * kSide + kGap);
    EXPECT_EQ(block.height, kCaption + kBar + kSide);
    const Rgb judged = {40, 160, 40};
    EXPECT_EQ(at(block, 0, 120, 20), judged);
    const Rgb unknown = at(block, 0, 40, 80);
    EXPECT_LT(unknown[1], 60);
    EXPECT_EQ(unknown[0], unknown[1]); // grey
    EXPECT_EQ(at(block, 1, 120, 150), unknown) << "of two classes the one of which less is known is shown";
    const Rgb partial = at(block, 1, 40, 80);
    EXPECT_GT(partial[0], 80) << "orange";
}

TEST_F(LabelSheet, DrawsBoxesOfTheTaskAloneAndHatchesItsIgnoreRegions) {
    const Image block = draw_label_panels(picture_, table_, kSide);
    EXPECT_EQ(at(block, 0, 100, 120), class_colour(0));
    EXPECT_NE(at(block, 1, 100, 120), class_colour(0));
    const auto tones = [&](int panel) {
        std::set<Rgb> found;
        for (int x = 95; x < 145; ++x) found.insert(at(block, panel, x, 40));
        return found.size();
    };
    EXPECT_EQ(tones(0), 1U);
    EXPECT_GT(tones(1), 2U);
}

TEST_F(LabelSheet, ScalesWhatIsDrawn) {
    const Image block = draw_label_panels(picture_, table_, 2 * kSide);
    EXPECT_EQ(pixel(block, 200, kCaption + kBar + 240), class_colour(0));
}

TEST_F(LabelSheet, PutsRowsOfFewTasksSideBySide) {
    const Image one = draw_label_sheet({picture_}, table_, kSide),
                four = draw_label_sheet({4, picture_}, table_, kSide);
    EXPECT_EQ(four.height, one.height);
    EXPECT_GT(four.width, one.width);
    EXPECT_GT(draw_label_sheet({9, picture_}, table_, kSide).height, 2 * kSide);
    EXPECT_TRUE(draw_label_sheet({}, table_, kSide).empty());
}

TEST_F(LabelSheet, TakesRowsOfAllDataSets) {
    const TempDir dir;
    test::write_picture(dir, "a.png", 40, 30);
    Record record;
    record.file = dir.file("a.png");
    record.name = "a.png";
    record.width = 40;
    record.height = 30;
    record.labels.states = picture_.labels.states;
    const std::vector<Dataset> datasets = {Dataset("one", {record}, record.labels.states),
                                           Dataset("two", {record}, record.labels.states)};
    LoaderOptions options;
    options.batch_size = 6;
    options.sides = {64};
    BatchLoader loader(datasets, options, {});
    const std::vector<LabelPicture> pictures = take_label_pictures(loader, datasets, 8);
    ASSERT_EQ(pictures.size(), 8U);
    EXPECT_EQ(pictures[0].caption, "one: a.png");
    EXPECT_EQ(pictures[5].caption, "two: a.png");
    EXPECT_THAT(pictures[6].caption, StartsWith("one"));
    EXPECT_THAT(pictures[7].caption, StartsWith("two"));
    EXPECT_EQ(pictures[7].image.width, 64);
}

} // namespace
} // namespace banyan
