#include "anchors/anchors.h"

#include <limits>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

TEST(MakeAnchors, OrdersThemByLevelRowColumnAndPlaceInTheCell) {
    AnchorOptions options;
    options.levels = {3, 4};
    options.scales = {1, 2};
    options.aspect_hw = {1, 4};
    const AnchorSet set = make_anchors(options, 16, 24);

    ASSERT_EQ(set.levels.size(), 2u);
    EXPECT_EQ(set.per_cell, 4u);
    EXPECT_EQ(set.height, 16);
    EXPECT_EQ(set.width, 24);
    EXPECT_EQ(set.levels[0].height, 2);
    EXPECT_EQ(set.levels[0].width, 3);
    EXPECT_EQ(set.levels[1].first, 2u * 3u * 4u);
    EXPECT_EQ(set.levels[1].height, 1);
    EXPECT_EQ(set.levels[1].width, 2); // ceil(24 / 16)
    ASSERT_EQ(set.size(), 24u + 8u);
    // First cell, centre (4, 4), stride 8. Scale 1: 8 x 8, then aspect 4: 4 wide, 16 high; scale 2: doubled.
    EXPECT_EQ(set.boxes[0], (Box{0, 0, 8, 8}));
    EXPECT_EQ(set.boxes[1], (Box{2, -4, 6, 12}));
    EXPECT_EQ(set.boxes[2], (Box{-4, -4, 12, 12}));
    EXPECT_EQ(set.boxes[3], (Box{0, -12, 8, 20}));
    EXPECT_EQ(set.boxes[4], (Box{8, 0, 16, 8}));        // next column
    EXPECT_EQ(set.boxes[12], (Box{0, 8, 8, 16}));       // next row
    EXPECT_EQ(set.boxes[24 + 4], (Box{16, 0, 32, 16})); // second level, beyond the right edge: not clipped
    EXPECT_EQ(set.stride_of(0), 8);
    EXPECT_EQ(set.stride_of(23), 8);
    EXPECT_EQ(set.stride_of(24), 16);
    expect_error<CheckError>([&] { set.stride_of(32); }, {"below 32", "found 32"});
}

TEST(MakeAnchors, TakesGivenSizesOfEachLevel) {
    AnchorOptions options;
    options.levels = {2, 5};
    options.sizes = {{{4, 2}}, {{10, 20}}};
    const AnchorSet set = make_anchors(options, 4, 4);
    ASSERT_EQ(set.size(), 2u);
    EXPECT_EQ(set.boxes[0], (Box{0, 1, 4, 3}));
    EXPECT_EQ(set.boxes[1], (Box{11, 6, 21, 26}));
}

TEST(MakeAnchors, RoundsTheNumberOfCellsUpAsStridedConvolutionsDo) {
    AnchorOptions options;
    options.levels = {3, 4, 5, 6};
    for (int size = 1; size <= 200; ++size) {
        const AnchorSet set = make_anchors(options, size, 1);
        int halved = size;
        for (int i = 0; i < 3; ++i) halved = (halved + 1) / 2;
        for (const AnchorLevel& level : set.levels) {
            EXPECT_EQ(level.height, halved) << "input " << size << ", level " << level.level;
            EXPECT_EQ(level.width, 1);
            halved = (halved + 1) / 2;
        }
    }
}

TEST(MakeAnchors, RefusesWrongSizesAndOptions) {
    expect_error<CheckError>([] { make_anchors({}, 0, 8); }, {"[1, 65536]", "0 x 8"});
    expect_error<CheckError>([] { make_anchors({}, 8, 65537); }, {"65537"});
    AnchorOptions options;
    options.levels = {};
    expect_error<CheckError>([&] { make_anchors(options, 8, 8); }, {"levels", "an empty list"});
}

struct WrongAnchors {
    AnchorOptions options;
    std::vector<std::string> words;
};

std::vector<WrongAnchors> wrong_anchors() {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const AnchorKind boxes = AnchorKind::boxes;
    return {{{boxes, {}, {6}, {1}, {}}, {"levels", "empty"}},
            {{boxes, {1, 2}, {6}, {1}, {}}, {"[2, 8]", "1 at place 0"}},
            {{boxes, {3, 9}, {6}, {1}, {}}, {"9 at place 1"}},
            {{boxes, {4, 3}, {6}, {1}, {}}, {"ascending", "3 at place 1"}},
            {{boxes, {3, 3}, {6}, {1}, {}}, {"ascending"}},
            {{boxes, {3}, {}, {1}, {}}, {"scales", "empty"}},
            {{boxes, {3}, {0}, {1}, {}}, {"scales", "0.0"}},
            {{boxes, {3}, {nan}, {1}, {}}, {"scales", "nan"}},
            {{boxes, {3}, {6}, {}, {}}, {"aspect_hw", "empty"}},
            {{boxes, {3}, {6}, {-1}, {}}, {"aspect_hw", "-1"}},
            {{boxes, {3, 4}, {6}, {1}, {{{1, 1}}}}, {"sizes", "one list a level, 2", "1 lists"}},
            {{boxes, {3, 4}, {6}, {1}, {{{1, 1}}, {}}}, {"sizes", "list 1"}},
            {{boxes, {3, 4}, {6}, {1}, {{{1, 1}}, {{1, 1}, {2, 2}}}}, {"sizes", "list 1", "found 2"}},
            {{boxes, {3}, {6}, {1}, {{{1, 0}}}}, {"sizes", "list 0", "1.0", "0.0"}},
            {{AnchorKind::points, {3}, {6, 8}, {1}, {}}, {"points", "2 combinations", "\"boxes\""}},
            {{AnchorKind::points, {3}, {6}, {1, 2}, {}}, {"points", "2 combinations"}}};
}

TEST(ValidateAnchors, SaysWhereAndWhatIsWrong) {
    for (auto [options, words] : wrong_anchors()) {
        words.push_back("a.json:/anchors: ");
        expect_error<ConfigError>([&] { validate_anchors(options, "a.json:/anchors"); }, words);
        expect_error<CheckError>([&] { check_anchors(options); });
    }
}

TEST(ValidateAnchors, AcceptsPointsWithOneSizeALevel) {
    AnchorOptions options;
    options.kind = AnchorKind::points;
    EXPECT_NO_THROW(validate_anchors(options, "a.json"));
    options.sizes = {{{8, 8}}, {{16, 16}}, {{32, 32}}, {{64, 64}}};
    EXPECT_NO_THROW(validate_anchors(options, "a.json"));
}

} // namespace
} // namespace banyan
