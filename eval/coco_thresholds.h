#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace banyan {

inline constexpr std::size_t kCocoIouThresholds = 10;
inline constexpr std::size_t kCocoAreas = 4;

/// numpy.linspace(0.5, 0.95, 10) to the last bit: the ninth lies just under 0.9.
inline constexpr std::array<double, kCocoIouThresholds> kCocoIouThreshold = {
    0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.8999999999999999, 0.95};

/// One bit per IoU threshold, the lowest for 0.5.
using ThresholdMask = std::uint16_t;
inline constexpr ThresholdMask kAllThresholds = (1U << kCocoIouThresholds) - 1;

/// Areas in square pixels, both ends included: all, small, medium, large.
struct CocoAreaRange {
    double lowest;
    double highest;

    bool contains(double area) const { return !(area < lowest || area > highest); }
};
inline constexpr std::array<CocoAreaRange, kCocoAreas> kCocoAreaRange = {
    {{0, 1e10}, {0, 32.0 * 32.0}, {32.0 * 32.0, 96.0 * 96.0}, {96.0 * 96.0, 1e10}}};

} // namespace banyan
