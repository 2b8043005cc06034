#pragma once

namespace banyan {

/// Integers that stand for the numbers of a tensor.
enum class IntegerType {
    u8, ///< 0 … 255 with a zero point: activations
    s8 ///< -127 … 127, zero is 0: weights, and activations quantised symmetrically. -128 is never used, so that x and
       ///< -x are equally exact.
};

constexpr int lowest_of(IntegerType type) { return type == IntegerType::u8 ? 0 : -127; }
constexpr int highest_of(IntegerType type) { return type == IntegerType::u8 ? 255 : 127; }

/// The numbers that are to be told apart; what lies outside is clipped.
struct QuantRange {
    float low = 0, high = 0; ///< low <= 0 <= high: zero, which padding and relu make, stays exact
    bool operator==(const QuantRange&) const = default;
};

/// integer = round(x / scale) + zero_point, clipped to the type; x ≈ (integer - zero_point) * scale.
struct Quantization {
    float scale = 1;    ///< > 0
    int zero_point = 0; ///< of the type; 0 for s8
    bool operator==(const Quantization&) const = default;
};

/// The quantisation whose integers span the range:
///   u8  scale = (high - low) / 255, zero_point = round(-low / scale)
///   s8  scale = max(-low, high) / 127
/// Numbers in the range come back within scale / 2, zero comes back exactly. A range of zero length gets scale 1, and
/// no scale is below the smallest normal float.
/// @throws CheckError not low <= 0 <= high, or either not finite
Quantization quantization_of(const QuantRange& range, IntegerType type);

/// Rounds half to even, as oneDNN does. @param x not NaN
int quantize(float x, const Quantization& quantization, IntegerType type);
float dequantize(int integer, const Quantization& quantization);

} // namespace banyan
