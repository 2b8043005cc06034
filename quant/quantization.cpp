#include "quant/quantization.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/check.h"

namespace banyan {

Quantization quantization_of(const QuantRange& range, IntegerType type) {
    BANYAN_CHECK(range.low <= 0 && 0 <= range.high && std::isfinite(range.low) && std::isfinite(range.high),
                 "quantization: expected finite low <= 0 <= high, found [", range.low, ", ", range.high, "]");
    const double low = range.low, high = range.high;
    if (low == high) return {};
    const double wanted = type == IntegerType::u8 ? (high - low) / 255 : std::max(-low, high) / 127;
    Quantization result;
    result.scale = std::max(static_cast<float>(wanted), std::numeric_limits<float>::min());
    if (type == IntegerType::u8) result.zero_point = static_cast<int>(std::lrint(std::min(-low / result.scale, 255.0)));
    return result;
}

int quantize(float x, const Quantization& quantization, IntegerType type) {
    const double place = std::nearbyint(double{x} / quantization.scale) + quantization.zero_point;
    return static_cast<int>(std::clamp<double>(place, lowest_of(type), highest_of(type)));
}

float dequantize(int integer, const Quantization& quantization) {
    return static_cast<float>(integer - quantization.zero_point) * quantization.scale;
}

} // namespace banyan
