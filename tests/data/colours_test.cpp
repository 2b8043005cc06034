#include "data/colours.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "support/painted_image.h"

namespace banyan {
namespace {

using test::noise_image;
using test::Rgb;

TransformOptions colours_off() {
    TransformOptions options;
    options.brightness = options.contrast = options.saturation = options.hue_degrees = 0;
    return options;
}

Rgb applied(const ColourMatrix& matrix, Rgb colour) {
    apply_colours(matrix, colour.data(), 1);
    return colour;
}

TEST(RandomColours, AreExactlyTheIdentityWhenTurnedOff) {
    Random random(1);
    EXPECT_EQ(random_colours(colours_off(), random), ColourMatrix{});
}

TEST(RandomColours, KeepGreyGreyUnderHueAndSaturation) {
    TransformOptions options = colours_off();
    options.saturation = 1;
    options.hue_degrees = 180;
    Random random(2);
    for (int i = 0; i < 100; ++i) {
        const ColourMatrix matrix = random_colours(options, random);
        for (const int grey : {0, 77, 255}) {
            const auto byte = static_cast<std::uint8_t>(grey);
            for (const std::uint8_t found : applied(matrix, {byte, byte, byte})) EXPECT_NEAR(found, grey, 1);
        }
    }
}

TEST(RandomColours, HueKeepsTheSumOfChannels) {
    TransformOptions options = colours_off();
    options.hue_degrees = 60;
    Random random(3);
    for (int i = 0; i < 100; ++i) {
        const Rgb found = applied(random_colours(options, random), {120, 100, 140});
        EXPECT_NEAR(found[0] + found[1] + found[2], 360, 2);
    }
}

TEST(RandomColours, BrightnessScalesAndContrastHoldsMidGrey) {
    Random random(4);
    TransformOptions brightness = colours_off();
    brightness.brightness = 0.5;
    TransformOptions contrast = colours_off();
    contrast.contrast = 0.5;
    for (int i = 0; i < 100; ++i) {
        const ColourMatrix brighter = random_colours(brightness, random);
        EXPECT_EQ(applied(brighter, {0, 0, 0}), (Rgb{0, 0, 0}));
        EXPECT_GE(brighter.m[0][0], 0.5F);
        EXPECT_LE(brighter.m[0][0], 1.5F);
        const ColourMatrix starker = random_colours(contrast, random);
        EXPECT_NEAR(applied(starker, {128, 128, 128})[1], 128, 1);
    }
}

TEST(ApplyColours, IdentityIsByteExact) {
    Image image = noise_image(16, 16, 5);
    const Image before = image;
    ColourMatrix almost; // not equal to the identity, so that the arithmetic runs
    almost.m[0][3] = 1e-9F;
    apply_colours(almost, image.rgb.data(), 256);
    EXPECT_EQ(image.rgb, before.rgb);
}

TEST(ApplyColours, RoundsToNearestAndSaturates) {
    ColourMatrix matrix;
    matrix.m[0][0] = 2;    // saturates above
    matrix.m[1][3] = -300; // and below
    matrix.m[2][2] = 0.5F; // 0.5 * 101 = 50.5 -> 51
    EXPECT_EQ(applied(matrix, {200, 255, 101}), (Rgb{255, 0, 51}));
}

TEST(ApplyColours, AgreesWithDoubles) {
    Random random(6);
    TransformOptions options;
    options.hue_degrees = 40;
    for (int i = 0; i < 200; ++i) {
        const ColourMatrix matrix = random_colours(options, random);
        const Image colour = noise_image(1, 1, static_cast<std::uint64_t>(i));
        const Rgb in = {colour.rgb[0], colour.rgb[1], colour.rgb[2]};
        const Rgb out = applied(matrix, in);
        for (std::size_t c = 0; c < 3; ++c) {
            double expected = static_cast<double>(matrix.m[c][3]);
            for (std::size_t k = 0; k < 3; ++k) expected += static_cast<double>(matrix.m[c][k]) * in[k];
            EXPECT_NEAR(out[c], std::clamp(expected, 0.0, 255.0), 0.53); // rounding, and coefficients to 2^-14
        }
    }
}

TEST(ApplyColours, RefusesCoefficientsBeyondItsRange) {
    ColourMatrix matrix;
    matrix.m[1][2] = 33;
    expect_error<CheckError>([&] { applied(matrix, {1, 2, 3}); }, {"[1][2]", "33"});
}

} // namespace
} // namespace banyan
