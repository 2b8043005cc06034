#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace banyan {

/// Rounds to the nearest bfloat16, ties to even; NaN stays NaN.
inline std::uint16_t to_bfloat16(float number) {
    const auto bits = std::bit_cast<std::uint32_t>(number);
    if (std::isnan(number)) return static_cast<std::uint16_t>((bits >> 16) | 0x40U);
    return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

inline float from_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

} // namespace banyan
