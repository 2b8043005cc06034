#include "image/draw_area.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/painted_image.h"

namespace banyan {
namespace {

using test::extent_of;
using test::pixel;
using test::plain_image;
using test::Rgb;

std::vector<std::uint8_t> left_half(int width, int height) {
    std::vector<std::uint8_t> kinds;
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) kinds.push_back(x < width / 2 ? 0 : 1);
    }
    return kinds;
}

TEST(ShadeAreas, ChangesEachKindInItsWay) {
    Image image = plain_image(4, 2, {200, 100, 0});
    shade_areas(image, left_half(4, 2), {AreaShade{}, AreaShade{0.5F, 0.0F, {}, 0, false}});
    EXPECT_EQ(pixel(image, 1, 1), (Rgb{200, 100, 0}));
    EXPECT_EQ(pixel(image, 2, 0), (Rgb{59, 59, 59})); // half of 0.299 * 200 + 0.587 * 100
    Image tinted = plain_image(4, 2, {200, 100, 0});
    shade_areas(tinted, left_half(4, 2), {AreaShade{1, 1, {0, 0, 200}, 0.5F, false}, AreaShade{}});
    EXPECT_EQ(pixel(tinted, 0, 0), (Rgb{100, 50, 100}));
}

TEST(ShadeAreas, HatchingLeavesPartOfThePicture) {
    Image image = plain_image(40, 40, {90, 90, 90});
    shade_areas(image, std::vector<std::uint8_t>(1600, 0), {AreaShade{1, 1, {}, 0, true}});
    int light = 0, same = 0;
    for (int y = 0; y < 40; ++y) {
        for (int x = 0; x < 40; ++x) {
            light += pixel(image, x, y)[0] > 180 ? 1 : 0;
            same += pixel(image, x, y)[0] == 90 ? 1 : 0;
        }
    }
    EXPECT_GT(light, 1600 / 8);
    EXPECT_GT(same, 1600 / 4);
    EXPECT_EQ(pixel(image, 20, 10), pixel(image, 10, 20)); // lines rise to the right
}

TEST(ShadeAreas, RefusesKindsThatDoNotFit) {
    Image image = plain_image(4, 2, {0, 0, 0});
    EXPECT_THROW(shade_areas(image, {0, 0}, {AreaShade{}}), CheckError);
    EXPECT_THROW(shade_areas(image, std::vector<std::uint8_t>(8, 1), {AreaShade{}}), CheckError);
}

TEST(DrawBorders, MarksWhereKindsMeet) {
    Image image = plain_image(4, 2, {0, 0, 0});
    draw_borders(image, left_half(4, 2));
    EXPECT_EQ(pixel(image, 1, 0), (Rgb{0, 0, 0}));
    EXPECT_GT(pixel(image, 2, 0)[0], 150);
    EXPECT_EQ(pixel(image, 3, 1), (Rgb{0, 0, 0}));
}

TEST(Paste, CutsWhatLiesOutside) {
    Image target = plain_image(4, 4, {0, 0, 0});
    Image picture = plain_image(3, 3, test::kRed);
    paste(target, picture, 2, -1);
    EXPECT_EQ(extent_of(target, test::kRed), (Box{2, 0, 4, 2}));
    paste(target, picture, 9, 9);
    paste(target, picture, -3, 0);
    EXPECT_EQ(extent_of(target, test::kRed), (Box{2, 0, 4, 2}));
    fill_area(target, -5, 3, 100, 100, {0, 0, 255});
    EXPECT_EQ(extent_of(target, test::kBlue), (Box{0, 3, 4, 4}));
}

} // namespace
} // namespace banyan
