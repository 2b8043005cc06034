#include "data/random_placement.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/random_boxes.h"

namespace banyan {
namespace {

TransformOptions all_off() {
    TransformOptions options;
    options.flip = 0;
    options.scale_low = options.scale_high = 1;
    options.brightness = options.contrast = options.saturation = options.hue_degrees = 0;
    return options;
}

PlacementFrame whole(int side) { return {side, whole_target(side), 1.0}; }

TEST(LetterboxPlacement, FitsTheLongSideAndCentresTheShort) {
    const Placement wide = letterbox_placement(640, 480, 320);
    EXPECT_EQ(wide.scale, 0.5);
    EXPECT_EQ(wide.offset_x, 0);
    EXPECT_EQ(wide.offset_y, 40);
    const Placement tall = letterbox_placement(100, 300, 150);
    EXPECT_EQ(tall.scale, 0.5);
    EXPECT_EQ(tall.offset_x, 50);
    EXPECT_EQ(tall.offset_y, 0);
    EXPECT_FALSE(tall.flip);
}

TEST(LetterboxPlacement, IsExactAsFloat) {
    const Placement placement = letterbox_placement(500, 333, 320);
    EXPECT_EQ(placement.scale, static_cast<double>(static_cast<float>(placement.scale)));
    EXPECT_EQ(placement.offset_y, static_cast<double>(static_cast<float>(placement.offset_y)));
}

TEST(RandomPlacement, IsTheLetterboxWhenTurnedOff) {
    Random random(1);
    const Placement placement = random_placement(640, 480, whole(320), all_off(), random);
    const Placement letterbox = letterbox_placement(640, 480, 320);
    EXPECT_EQ(placement.scale, letterbox.scale);
    EXPECT_EQ(placement.offset_x, letterbox.offset_x);
    EXPECT_EQ(placement.offset_y, letterbox.offset_y);
    EXPECT_FALSE(placement.flip);
}

TEST(RandomPlacement, FillsOrFitsAndStaysInTheScaleRange) {
    const TransformOptions options;
    Random random(2);
    for (int i = 0; i < 500; ++i) {
        const int width = static_cast<int>(random.integer(20, 900));
        const int height = static_cast<int>(random.integer(20, 900));
        const Placement placement = random_placement(width, height, whole(320), options, random);
        const double relative = placement.scale / letterbox_placement(width, height, 320).scale;
        EXPECT_GE(relative, options.scale_low);
        EXPECT_LE(relative, options.scale_high);
        for (const auto& [length, offset] : {std::pair{placement.scale * width, placement.offset_x},
                                             std::pair{placement.scale * height, placement.offset_y}}) {
            EXPECT_GE(offset, std::min(0.0, 320 - length));
            EXPECT_LE(offset, std::max(0.0, 320 - length));
        }
    }
}

TEST(RandomPlacement, DrawsSizesLogUniformly) {
    TransformOptions options;
    options.scale_low = 0.5;
    options.scale_high = 2.0;
    Random random(3);
    int flips = 0;
    int below_one = 0;
    int below_root_half = 0;
    constexpr int kDraws = 4000;
    for (int i = 0; i < kDraws; ++i) {
        const Placement placement = random_placement(100, 100, whole(100), options, random);
        flips += placement.flip ? 1 : 0;
        below_one += placement.scale < 1 ? 1 : 0;
        below_root_half += placement.scale < std::sqrt(0.5) ? 1 : 0;
    }
    EXPECT_NEAR(flips, kDraws / 2, 4 * std::sqrt(kDraws / 4.0)); // 4 standard deviations
    EXPECT_NEAR(below_one, kDraws / 2, 4 * std::sqrt(kDraws / 4.0));
    EXPECT_NEAR(below_root_half, kDraws / 4, 4 * std::sqrt(kDraws * 3 / 16.0));
}

TEST(PlaceBox, FlipMirrorsAndKeepsCornersInOrder) {
    const Placement flipped{2.0, 10.0, 5.0, true};
    EXPECT_EQ(place_box({1, 2, 4, 6}, flipped, 100), (Box{82, 9, 88, 17}));
    const Placement straight{2.0, 10.0, 5.0, false};
    EXPECT_EQ(place_box({1, 2, 4, 6}, straight, 100), (Box{12, 9, 18, 17}));
}

TEST(PlaceBox, CanBeUndone) {
    Random random(4);
    for (const Box& box : random_boxes(200, 5)) {
        const Placement placement = random_placement(640, 480, whole(320), TransformOptions{}, random);
        const Box placed = place_box(box, placement, 320);
        const auto undo_x = [&](double x) {
            return ((placement.flip ? 320 - x : x) - placement.offset_x) / placement.scale;
        };
        const auto undo_y = [&](double y) { return (y - placement.offset_y) / placement.scale; };
        EXPECT_NEAR(undo_x(placement.flip ? placed.x1 : placed.x0), box.x0, 1e-3);
        EXPECT_NEAR(undo_x(placement.flip ? placed.x0 : placed.x1), box.x1, 1e-3);
        EXPECT_NEAR(undo_y(placed.y0), box.y0, 1e-3);
        EXPECT_NEAR(undo_y(placed.y1), box.y1, 1e-3);
        EXPECT_LE(placed.x0, placed.x1);
    }
}

TEST(CoveredSpans, AreThePixelsWhoseCentreLiesInThePicture) {
    const std::vector<PixelSpan> spans = covered_spans(10, 10, {1.0, 2.4, 2.6, false}, 20, whole_target(20));
    ASSERT_EQ(spans.size(), 20U);
    for (std::size_t y = 0; y < 20; ++y) {
        const bool in_picture = y >= 3 && y < 13;
        EXPECT_EQ(spans[y].x1 - spans[y].x0, in_picture ? 10 : 0) << y;
        EXPECT_TRUE(!in_picture || spans[y].x0 == 2) << y;
    }
    const std::vector<PixelSpan> mirrored = covered_spans(10, 10, {1.0, 2.4, 2.6, true}, 20, whole_target(20));
    EXPECT_EQ(mirrored[5].x0, 8);
    EXPECT_EQ(mirrored[5].x1, 18);
}

/// By mapping the centre back in doubles; nothing where that is too near to an edge to tell.
std::optional<bool> is_in_picture(int x, int y, int width, int height, const Placement& placement, int side) {
    const double u = ((placement.flip ? side - (x + 0.5) : x + 0.5) - placement.offset_x) / placement.scale;
    const double v = (y + 0.5 - placement.offset_y) / placement.scale;
    const double across = placement.turn.yy * u - placement.turn.xy * v;
    const double down = placement.turn.xx * v - placement.turn.yx * u;
    for (const double edge : {across, width - across, down, height - down}) {
        if (std::abs(edge) < 1e-6) return std::nullopt;
    }
    return across > 0 && across < width && down > 0 && down < height;
}

TEST(CoveredSpans, FollowTurnsShearsFlipsAndWindows) {
    TransformOptions options;
    options.rotate_degrees = 180;
    options.shear_degrees = 40;
    Random random(6);
    for (int i = 0; i < 200; ++i) {
        const Placement placement = random_placement(70, 40, whole(64), options, random);
        const int x0 = static_cast<int>(random.integer(0, 40)), y0 = static_cast<int>(random.integer(0, 40));
        const PixelRect window{x0, y0, static_cast<int>(random.integer(x0 + 1, 64)), 64};
        const std::vector<PixelSpan> spans = covered_spans(70, 40, placement, 64, window);
        ASSERT_EQ(spans.size(), static_cast<std::size_t>(window.height()));
        for (int y = window.y0; y < window.y1; ++y) {
            const PixelSpan& span = spans[static_cast<std::size_t>(y - window.y0)];
            ASSERT_TRUE(span.x0 >= window.x0 && span.x0 <= span.x1 && span.x1 <= window.x1);
            for (int x = window.x0; x < window.x1; ++x) {
                const std::optional<bool> inside = is_in_picture(x, y, 70, 40, placement, 64);
                const bool found = x >= span.x0 && x < span.x1;
                ASSERT_EQ(found, inside.value_or(found)) << i << ": " << x << ", " << y;
            }
        }
    }
}

TEST(MakeTurn, TurnsFromXTowardsY) {
    const Turn quarter = make_turn(90, 0);
    EXPECT_NEAR(quarter.xx, 0, 1e-3);
    EXPECT_NEAR(quarter.yx, 1, 1e-3);
    EXPECT_NEAR(quarter.xy, -1, 1e-3);
    EXPECT_NEAR(make_turn(180, 0).xx, -1, 1e-3);
    EXPECT_NEAR(make_turn(-30, 0).yx, -0.5, 1e-3);
    EXPECT_NEAR(make_turn(0, 45).xy, 1, 1e-3);
    EXPECT_EQ(make_turn(0, 0), Turn{});
}

TEST(MakeTurn, KeepsAreasAndRightAngles) {
    for (double degrees = -180; degrees <= 180; degrees += 7.5) {
        const Turn turn = make_turn(degrees, 0);
        EXPECT_NEAR(turn.xx * turn.yy - turn.xy * turn.yx, 1, 1e-15);
        EXPECT_NEAR(turn.xx * turn.xy + turn.yx * turn.yy, 0, 1e-15);
        const Turn sheared = make_turn(degrees, degrees / 4);
        EXPECT_NEAR(sheared.xx * sheared.yy - sheared.xy * sheared.yx, 1, 1e-14);
    }
}

TEST(RandomPlacement, PutsPicturesIntoTheWindow) {
    TransformOptions options;
    options.rotate_degrees = 30;
    Random random(8);
    const PlacementFrame frame{320, {100, 40, 300, 140}, 0.5};
    for (int i = 0; i < 300; ++i) {
        const Placement placement = random_placement(640, 480, frame, options, random);
        const Polygon outline = place_polygon(Box{0, 0, 640, 480}, placement, 320);
        const Box extent = bounds(outline), window = to_box(frame.window);
        const auto fits_or_fills = [](float lo, float hi, float from, float to) {
            constexpr float kRounding = 1e-3F;
            return (lo >= from - kRounding && hi <= to + kRounding) || (lo <= from + kRounding && hi >= to - kRounding);
        };
        EXPECT_TRUE(fits_or_fills(extent.x0, extent.x1, window.x0, window.x1)) << i;
        EXPECT_TRUE(fits_or_fills(extent.y0, extent.y1, window.y0, window.y1)) << i;
    }
}

TEST(RandomPlacement, TurnsAboutTheMiddleWhenSizesAreOff) {
    TransformOptions options = all_off();
    options.rotate_degrees = 45;
    Random random(9);
    const Placement placement = random_placement(640, 480, whole(320), options, random);
    EXPECT_FALSE(placement.is_straight());
    const Polygon middle = place_polygon(Polygon(std::vector<Point>{{320, 240}}), placement, 320);
    EXPECT_NEAR(middle.corners[0].x, 160, 1e-3);
    EXPECT_NEAR(middle.corners[0].y, 160, 1e-3);
}

TEST(PlaceBox, IsTheBoundsOfATurnedOutline) {
    const Placement placement{1.0, 10.0, 20.0, false, {0, -1, 1, 0}}; // a quarter turn: (x, y) -> (10 - y, 20 + x)
    EXPECT_EQ(place_box({1, 2, 4, 6}, placement, 100), (Box{4, 21, 8, 24}));
}

} // namespace
} // namespace banyan
