#include "image/resample.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "data/random_placement.h"
#include "support/expect_error.h"
#include "support/painted_image.h"

namespace banyan {
namespace {

using test::extent_of;
using test::kBlue;
using test::kRed;
using test::noise_image;
using test::paint;
using test::pixel;
using test::plain_image;
using test::Rgb;

Image placed(const Image& source, const Placement& placement, int side) {
    Image target(side, side);
    place_image(source, placement, side, target.rgb.data());
    return target;
}

/// Mean of the source over the square that target pixel (x, y) covers, in doubles.
Rgb block_mean(const Image& source, int x, int y, int factor) {
    Rgb mean{};
    for (std::size_t c = 0; c < 3; ++c) {
        double sum = 0;
        for (int dy = 0; dy < factor; ++dy) {
            for (int dx = 0; dx < factor; ++dx) sum += pixel(source, x * factor + dx, y * factor + dy)[c];
        }
        mean[c] = static_cast<std::uint8_t>(std::floor(sum / (factor * factor) + 0.5));
    }
    return mean;
}

TEST(PlaceImage, IdentityIsByteExact) {
    const Image source = noise_image(40, 40, 1);
    EXPECT_EQ(placed(source, Placement{}, 40).rgb, source.rgb);
}

TEST(PlaceImage, WholeShiftCopiesAndFillsTheRestWithGrey) {
    const Image source = noise_image(20, 10, 2);
    const Image target = placed(source, {1.0, 3.0, -4.0, false}, 32);
    for (int y = 0; y < 32; ++y) {
        for (int x = 0; x < 32; ++x) {
            const bool inside = x >= 3 && x < 23 && y < 6;
            const Rgb expected = inside ? pixel(source, x - 3, y + 4) : Rgb{kPadGrey, kPadGrey, kPadGrey};
            ASSERT_EQ(pixel(target, x, y), expected) << x << ", " << y;
        }
    }
}

void expect_mirrored_by_flips(const TransformOptions& options, std::uint64_t seed) {
    const Image source = noise_image(50, 37, seed);
    Random random(seed + 1);
    for (int i = 0; i < 20; ++i) {
        Placement placement = random_placement(50, 37, {48, whole_target(48), 1.0}, options, random);
        placement.flip = false;
        const Image straight = placed(source, placement, 48);
        placement.flip = true;
        const Image flipped = placed(source, placement, 48);
        for (int y = 0; y < 48; ++y) {
            for (int x = 0; x < 48; ++x) ASSERT_EQ(pixel(flipped, 47 - x, y), pixel(straight, x, y));
        }
    }
}

TEST(PlaceImage, FlipIsTheExactMirrorImage) { expect_mirrored_by_flips(TransformOptions{}, 3); }

TEST(PlaceImage, ShrinkingByWholeFactorsIsTheExactMean) {
    for (const int factor : {2, 3, 5}) {
        const Image source = noise_image(12 * factor, 12 * factor, 5);
        const double scale = static_cast<double>(1.0F / static_cast<float>(factor));
        const Image target = placed(source, {scale, 0, 0, false}, 12);
        for (int y = 0; y < 12; ++y) {
            for (int x = 0; x < 12; ++x) ASSERT_EQ(pixel(target, x, y), block_mean(source, x, y, factor)) << factor;
        }
    }
}

TEST(PlaceImage, BlocksAtTheEdgeAverageWhatIsThere) {
    const Image source = plain_image(7, 5, {10, 200, 30});
    const Image target = placed(source, {1.0 / 3, 0, 0, false}, 4);
    EXPECT_EQ(pixel(target, 0, 0), (Rgb{10, 200, 30}));
    EXPECT_EQ(pixel(target, 1, 1), (Rgb{10, 200, 30}));
    EXPECT_EQ(pixel(target, 3, 0), (Rgb{kPadGrey, kPadGrey, kPadGrey}));
}

TEST(PlaceImage, InterpolatesBetweenPixelCentres) {
    Image source(2, 1);
    source.rgb = {0, 0, 0, 200, 100, 40};
    const Image target = placed(source, {2.0, 0, 0, false}, 4);
    // Centres 0.25, 0.75, 1.25, 1.75 in source pixels; pixel centres lie at 0.5 and 1.5.
    EXPECT_EQ(pixel(target, 0, 0), (Rgb{0, 0, 0}));
    EXPECT_EQ(pixel(target, 1, 0), (Rgb{50, 25, 10}));
    EXPECT_EQ(pixel(target, 2, 0), (Rgb{150, 75, 30}));
    EXPECT_EQ(pixel(target, 3, 0), (Rgb{200, 100, 40}));
}

TEST(PlaceImage, AgreesWithBilinearInDoubles) {
    const Image source = noise_image(30, 20, 6);
    const Placement placement{1.37, 2.3, 5.9, false};
    const Image target = placed(source, placement, 48);
    const std::vector<PixelSpan> spans = covered_spans(30, 20, placement, 48, whole_target(48));
    for (int y = 0; y < 48; ++y) {
        const PixelSpan& span = spans[static_cast<std::size_t>(y)];
        for (int x = span.x0; x < span.x1; ++x) {
            const double sx = std::clamp((x + 0.5 - placement.offset_x) / placement.scale - 0.5, 0.0, 29.0);
            const double sy = std::clamp((y + 0.5 - placement.offset_y) / placement.scale - 0.5, 0.0, 19.0);
            const int x0 = std::min(static_cast<int>(sx), 28);
            const int y0 = std::min(static_cast<int>(sy), 18);
            const double fx = sx - x0;
            const double fy = sy - y0;
            const auto green = [&](int dx, int dy) { return pixel(source, x0 + dx, y0 + dy)[1]; };
            const double expected = (1 - fy) * ((1 - fx) * green(0, 0) + fx * green(1, 0)) +
                                    fy * ((1 - fx) * green(0, 1) + fx * green(1, 1));
            // Positions are rounded to 1/256 px: at most 255 / 512 an axis, and half a level of rounding.
            ASSERT_NEAR(pixel(target, x, y)[1], expected, 1.5) << x << ", " << y;
        }
    }
}

TEST(PlaceImage, BoxesFollowThePixels) {
    Random random(7);
    TransformOptions options;
    options.scale_low = 0.3;
    options.scale_high = 3;
    for (int i = 0; i < 150; ++i) {
        const int width = static_cast<int>(random.integer(60, 500));
        const int height = static_cast<int>(random.integer(60, 500));
        const auto x0 = static_cast<float>(random.integer(0, width / 2));
        const auto y0 = static_cast<float>(random.integer(0, height / 2));
        const Box box{x0, y0, x0 + static_cast<float>(width / 3), y0 + static_cast<float>(height / 3)};
        Image source = plain_image(width, height, kBlue);
        paint(source, box, kRed);
        const Placement placement = random_placement(width, height, {128, whole_target(128), 1.0}, options, random);
        const Box found = extent_of(placed(source, placement, 128), kRed);
        const Box expected = clip(place_box(box, placement, 128), 128, 128);
        if (expected.width() < 2 || expected.height() < 2) continue;
        EXPECT_NEAR(found.x0, expected.x0, 1) << "round " << i;
        EXPECT_NEAR(found.y0, expected.y0, 1) << "round " << i;
        EXPECT_NEAR(found.x1, expected.x1, 1) << "round " << i;
        EXPECT_NEAR(found.y1, expected.y1, 1) << "round " << i;
    }
}

TransformOptions turned_options() {
    TransformOptions options;
    options.rotate_degrees = 180;
    options.shear_degrees = 30;
    options.scale_low = 0.3;
    options.scale_high = 2;
    return options;
}

TEST(PlaceImage, WindowsHoldTheBytesOfTheWholeAndTouchNoOthers) {
    const Image source = noise_image(150, 110, 8);
    Random random(9);
    for (const TransformOptions& options : {TransformOptions{}, turned_options()}) {
        for (int i = 0; i < 50; ++i) {
            const Placement placement = random_placement(150, 110, {64, whole_target(64), 1.0}, options, random);
            const Image whole = placed(source, placement, 64);
            const int x0 = static_cast<int>(random.integer(0, 50)), y0 = static_cast<int>(random.integer(0, 50));
            const PixelRect window{x0, y0, static_cast<int>(random.integer(x0 + 1, 64)),
                                   static_cast<int>(random.integer(y0 + 1, 64))};
            Image target = plain_image(64, 64, kRed);
            place_image(source, placement, 64, window, target.rgb.data());
            for (int y = 0; y < 64; ++y) {
                for (int x = 0; x < 64; ++x) {
                    const bool inside = x >= window.x0 && x < window.x1 && y >= window.y0 && y < window.y1;
                    ASSERT_EQ(pixel(target, x, y), inside ? pixel(whole, x, y) : kRed) << i << ": " << x << ", " << y;
                }
            }
        }
    }
}

TEST(PlaceImage, FlipOfATurnedPictureIsTheExactMirrorImage) { expect_mirrored_by_flips(turned_options(), 10); }

TEST(PlaceImage, QuarterTurnsMovePixelsWhole) {
    const Image source = noise_image(30, 20, 12);
    const Image target = placed(source, {1.0, 20.0, 0.0, false, {0, -1, 1, 0}}, 30); // (x, y) -> (20 - y, x)
    for (int y = 0; y < 30; ++y) {
        for (int x = 0; x < 20; ++x) ASSERT_EQ(pixel(target, x, y), pixel(source, y, 19 - x)) << x << ", " << y;
        for (int x = 20; x < 30; ++x) ASSERT_EQ(pixel(target, x, y), (Rgb{kPadGrey, kPadGrey, kPadGrey}));
    }
}

/// The next turn that no one would call straight gives nearly what the straight path gives.
TEST(PlaceImage, TurnsByNearlyNothingChangeNearlyNothing) {
    Image source(90, 70);
    for (int y = 0; y < 70; ++y) {
        for (int x = 0; x < 90; ++x) {
            std::uint8_t* bytes = source.row(y) + static_cast<std::ptrdiff_t>(x) * 3;
            bytes[0] = static_cast<std::uint8_t>(2 * x);
            bytes[1] = static_cast<std::uint8_t>(3 * y);
            bytes[2] = static_cast<std::uint8_t>(x + y);
        }
    }
    for (const double scale : {0.2, 0.4, 0.7, 1.0, 1.9}) {
        Placement placement{scale, 3.3, 4.7, false};
        const Image straight = placed(source, placement, 64);
        placement.turn = {1, 1e-7, 0, 1};
        const Image turned = placed(source, placement, 64);
        for (std::size_t i = 0; i < straight.rgb.size(); ++i) {
            ASSERT_NEAR(straight.rgb[i], turned.rgb[i], 1) << "scale " << scale << " byte " << i;
        }
    }
}

TEST(PlaceImage, OutlinesOfTurnedPicturesFollowThePixels) {
    Random random(13);
    for (int i = 0; i < 100; ++i) {
        const Box box{60, 40, 120, 100};
        Image source = plain_image(200, 150, kBlue);
        paint(source, box, kRed);
        const Placement placement = random_placement(200, 150, {128, whole_target(128), 1.0}, turned_options(), random);
        const Image target = placed(source, placement, 128);
        const Polygon outline = place_polygon(box, placement, 128);
        double inside = 0;
        double red = 0;
        for (int y = 0; y < 128; ++y) {
            for (int x = 0; x < 128; ++x) {
                const Rgb found = pixel(target, x, y);
                red += found[0] > found[2] ? 1 : 0;
                const bool covered = contains(outline, {static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F});
                inside += covered ? 1 : 0;
            }
        }
        EXPECT_NEAR(red, inside, 0.12 * inside + 12) << "round " << i;
    }
}

TEST(PlaceImage, SurvivesExtremeShapes) {
    for (const auto& [width, height] : {std::pair{1, 1}, std::pair{1, 3000}, std::pair{3000, 1}, std::pair{5, 2}}) {
        const Image source = plain_image(width, height, kRed);
        const Placement placement = letterbox_placement(width, height, 32);
        const Image target = placed(source, placement, 32);
        EXPECT_EQ(target.rgb.size(), 32U * 32U * 3U);
        placed(source, {20.0, -7.5, -3.25, true}, 32);
    }
    const Image outside = placed(plain_image(4, 4, kRed), {1.0, 40, 0, false}, 32);
    EXPECT_EQ(outside.rgb, plain_image(32, 32, {kPadGrey, kPadGrey, kPadGrey}).rgb);
}

TEST(PlaceImage, RefusesAnEmptyPicture) {
    std::uint8_t byte = 0;
    expect_error<CheckError>([&] { place_image(Image{}, Placement{}, 1, &byte); }, {"empty picture"});
}

} // namespace
} // namespace banyan
