#include "image/draw.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "core/error.h"
#include "image/resample.h"
#include "support/expect_error.h"
#include "support/painted_image.h"

namespace banyan {
namespace {

using test::kBlue;
using test::kRed;
using test::noise_image;
using test::paint;
using test::pixel;
using test::plain_image;
using test::Rgb;

/// Bounds of the pixels that differ.
Box changed_extent(const Image& before, const Image& after) {
    Image marked(before.width, before.height);
    for (int y = 0; y < before.height; ++y) {
        for (int x = 0; x < before.width; ++x) {
            const auto at = static_cast<float>(x);
            const auto line = static_cast<float>(y);
            if (pixel(before, x, y) != pixel(after, x, y)) paint(marked, {at, line, at + 1, line + 1}, kRed);
        }
    }
    return test::extent_of(marked, kRed);
}

TEST(ClassColour, SevenDifferentOnesThatRepeat) {
    std::set<Rgb> colours;
    for (int i = 0; i < 7; ++i) colours.insert(class_colour(i));
    EXPECT_EQ(colours.size(), 7U);
    EXPECT_EQ(class_colour(7), class_colour(0));
    EXPECT_EQ(class_colour(-1), class_colour(6));
}

TEST(DrawBoxes, OutlineLiesOnTheBoxAndLeavesTheInside) {
    const Image before = plain_image(200, 150, {10, 10, 10});
    Image image = before;
    draw_boxes(image, {{{20, 30, 120, 90}, "", 2}});
    EXPECT_EQ(changed_extent(before, image), (Box{20, 30, 120, 90}));
    EXPECT_EQ(pixel(image, 70, 30), class_colour(2));
    EXPECT_EQ(pixel(image, 20, 60), class_colour(2));
    EXPECT_EQ(pixel(image, 119, 60), class_colour(2));
    EXPECT_EQ(pixel(image, 70, 60), (Rgb{10, 10, 10}));
}

TEST(DrawBoxes, LineWidthFollowsThePicture) {
    const auto line_px = [](int side) {
        Image image = plain_image(side, side, {0, 0, 0});
        const auto length = static_cast<float>(side);
        draw_boxes(image, {{{length / 4, length / 4, length / 2, length / 2}, "", 0}});
        int width = 0;
        for (int x = 0; x < side / 3; ++x) width += pixel(image, x, side * 3 / 8) == class_colour(0) ? 1 : 0;
        return width;
    };
    EXPECT_EQ(line_px(320), 1);
    EXPECT_GE(line_px(1800), 3);
}

TEST(DrawBoxes, TagLiesAboveItsBoxInTheClassColour) {
    const Image before = plain_image(300, 200, {0, 0, 0});
    Image image = before;
    draw_boxes(image, {{{50, 100, 200, 180}, "face 0.93", 3}});
    const Box changed = changed_extent(before, image);
    EXPECT_EQ(changed.x0, 50);
    EXPECT_LT(changed.y0, 92);
    EXPECT_EQ(changed.y1, 180);
    EXPECT_EQ(pixel(image, 51, 98), class_colour(3));
    bool has_text = false;
    for (int x = 50; x < 120; ++x) has_text = has_text || pixel(image, x, 93) == Rgb{0, 0, 0};
    EXPECT_TRUE(has_text) << "dark letters on the light tag";
}

TEST(DrawBoxes, TagStaysInThePicture) {
    for (const Box& box : {Box{0, 0, 30, 30}, Box{280, 0, 300, 40}, Box{290, 190, 300, 200}, Box{-40, -40, 8, 8}}) {
        Image image = plain_image(300, 200, {0, 0, 0});
        draw_boxes(image, {{box, "hand 0.50", 1}});
        int tag_pixels = 0;
        for (int y = 0; y < 200; ++y) {
            for (int x = 0; x < 300; ++x) tag_pixels += pixel(image, x, y) == class_colour(1) ? 1 : 0;
        }
        EXPECT_GT(tag_pixels, 300) << "the whole tag is visible at " << box.x0 << ", " << box.y0;
    }
}

TEST(DrawBoxes, TagsLieAboveOutlinesOfOtherBoxes) {
    Image alone = plain_image(300, 200, {0, 0, 0});
    Image together = alone;
    const DrawnBox labelled{{50, 100, 200, 180}, "a", 0};
    draw_boxes(alone, {labelled});
    draw_boxes(together, {labelled, {{52, 92, 290, 190}, "", 1}});
    EXPECT_EQ(pixel(together, 52, 98), pixel(alone, 52, 98));
}

TEST(DrawBoxes, OddInputIsHarmless) {
    const Image before = noise_image(60, 40, 1);
    Image image = before;
    draw_boxes(image, {});
    draw_boxes(image, {{{100, 100, 120, 120}, "outside", 0}, {{5, 5, 5, 9}, "no area", 0}});
    EXPECT_EQ(image.rgb, before.rgb);
    draw_boxes(image, {{{10, 10, 10.5F, 10.5F}, "tiny", 1}, {{0, 0, 60, 40}, std::string(300, 'w') + "\xC3\xA4\n", 2}});
    EXPECT_NE(image.rgb, before.rgb);
    Image nothing;
    draw_boxes(nothing, {{{0, 0, 1, 1}, "x", 0}});
    EXPECT_TRUE(nothing.empty());
}

TEST(Tile, LaysPicturesRowByRow) {
    const Image sheet = tile({plain_image(10, 10, kRed), plain_image(20, 10, kBlue), plain_image(4, 4, kBlue)}, 2, 16);
    EXPECT_EQ(sheet.width, 32);
    EXPECT_EQ(sheet.height, 32);
    const Rgb grey = {kPadGrey, kPadGrey, kPadGrey};
    EXPECT_EQ(pixel(sheet, 8, 8), kRed);
    EXPECT_EQ(pixel(sheet, 24, 8), kBlue);
    EXPECT_EQ(pixel(sheet, 24, 1), grey); // beside the wide picture
    EXPECT_EQ(pixel(sheet, 8, 24), kBlue);
    EXPECT_EQ(pixel(sheet, 24, 24), grey);
}

TEST(Tile, IsNoWiderThanItsPictures) {
    EXPECT_EQ(tile({plain_image(4, 4, kRed)}, 5, 8).width, 8);
    EXPECT_TRUE(tile({}, 5, 8).empty());
    expect_error<CheckError>([] { tile({}, 0, 8); }, {"columns"});
}

} // namespace
} // namespace banyan
