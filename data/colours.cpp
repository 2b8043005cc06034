#include "data/colours.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/check.h"

namespace banyan {

namespace {

constexpr double kMidGrey = 127.5;
constexpr std::array<double, 3> kLuma = {0.299, 0.587, 0.114}; // ITU-R BT.601

using Matrix3 = std::array<std::array<double, 3>, 3>;

Matrix3 product(const Matrix3& a, const Matrix3& b) {
    Matrix3 result{};
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 3; ++j) result[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j];
    }
    return result;
}

/// Rotation about the axis (1, 1, 1) by Rodrigues' formula.
Matrix3 hue_turn(double degrees) {
    const double angle = degrees * std::numbers::pi / 180;
    const double same = std::cos(angle);
    const double mean = (1 - same) / 3;
    const double across = std::sin(angle) / std::numbers::sqrt3;
    return {{{same + mean, mean - across, mean + across},
             {mean + across, same + mean, mean - across},
             {mean - across, mean + across, same + mean}}};
}

Matrix3 saturate(double factor) {
    Matrix3 result{};
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 3; ++j) result[i][j] = (i == j ? factor : 0) + (1 - factor) * kLuma[j];
    }
    return result;
}

double factor_about_one(double range, Random& random) { return random.uniform(1 - range, 1 + range); }

constexpr int kFractionBits = 14;
using FixedMatrix = std::array<std::array<std::int32_t, 4>, 3>;

/// Limits keep every sum below within 32 bits.
FixedMatrix to_fixed(const ColourMatrix& matrix) {
    FixedMatrix fixed{};
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 4; ++j) {
            const float limit = j == 3 ? 4096.0F : 32.0F;
            const float value = matrix.m[i][j];
            BANYAN_CHECK(std::abs(value) <= limit, "colour matrix: entry [", i, "][", j, "] = ", value, " is beyond ",
                         limit);
            fixed[i][j] = static_cast<std::int32_t>(std::lround(std::ldexp(value, kFractionBits)));
        }
        fixed[i][3] += 1 << (kFractionBits - 1); // rounds the shift below to nearest
    }
    return fixed;
}

std::uint8_t to_byte(std::int32_t fixed) {
    return static_cast<std::uint8_t>(std::clamp(fixed >> kFractionBits, 0, 255));
}

} // namespace

ColourMatrix random_colours(const TransformOptions& options, Random& random) {
    const double brightness = factor_about_one(options.brightness, random);
    const double contrast = factor_about_one(options.contrast, random);
    const double saturation = factor_about_one(options.saturation, random);
    const double hue = random.uniform(-options.hue_degrees, options.hue_degrees);
    const Matrix3 turned = product(saturate(saturation), hue_turn(hue));
    ColourMatrix result;
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 3; ++j) result.m[i][j] = static_cast<float>(brightness * contrast * turned[i][j]);
        result.m[i][3] = static_cast<float>(brightness * (1 - contrast) * kMidGrey);
    }
    return result;
}

void apply_colours(const ColourMatrix& matrix, std::uint8_t* rgb, std::size_t pixels) {
    if (matrix == ColourMatrix{}) return;
    const FixedMatrix m = to_fixed(matrix);
    for (std::uint8_t* const end = rgb + pixels * 3; rgb != end; rgb += 3) {
        const std::int32_t r = rgb[0];
        const std::int32_t g = rgb[1];
        const std::int32_t b = rgb[2];
        rgb[0] = to_byte(m[0][0] * r + m[0][1] * g + m[0][2] * b + m[0][3]);
        rgb[1] = to_byte(m[1][0] * r + m[1][1] * g + m[1][2] * b + m[1][3]);
        rgb[2] = to_byte(m[2][0] * r + m[2][1] * g + m[2][2] * b + m[2][3]);
    }
}

} // namespace banyan
