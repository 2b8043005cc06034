#include "engine/input_conversion.h"

#include <algorithm>
#include <bit>

#include <omp.h>

#include "core/check.h"
#include "core/vector_widths.h"

namespace banyan {

namespace {

using Line = InputConversion::Line;
constexpr std::size_t kBlock = InputConversion::kBlock;

BANYAN_VECTOR_WIDTHS void convert_to_f32(const std::uint8_t* in, float* out, std::size_t count, const Line& line) {
    for (std::size_t i = 0; i < count; i += kBlock) {
        const std::size_t end = std::min(kBlock, count - i);
#pragma omp simd
        for (std::size_t k = 0; k < end; ++k) {
            out[i + k] = static_cast<float>(in[i + k]) * line.factor[k] + line.shift[k];
        }
    }
}

BANYAN_VECTOR_WIDTHS void convert_to_bf16(const std::uint8_t* in, std::uint16_t* out, std::size_t count,
                                          const Line& line) {
    for (std::size_t i = 0; i < count; i += kBlock) {
        const std::size_t end = std::min(kBlock, count - i);
#pragma omp simd
        for (std::size_t k = 0; k < end; ++k) {
            const float number = static_cast<float>(in[i + k]) * line.factor[k] + line.shift[k];
            const auto bits = std::bit_cast<std::uint32_t>(number); // finite
            out[i + k] = static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
        }
    }
}

BANYAN_VECTOR_WIDTHS void convert_to_u8(const std::uint8_t* in, std::uint8_t* out, std::size_t count,
                                        const Line& line) {
    for (std::size_t i = 0; i < count; i += kBlock) {
        const std::size_t end = std::min(kBlock, count - i);
#pragma omp simd
        for (std::size_t k = 0; k < end; ++k) {
            const float number = static_cast<float>(in[i + k]) * line.factor[k] + line.shift[k];
            const float inside = std::min(std::max(number, 0.0F), 255.0F);
            out[i + k] = static_cast<std::uint8_t>(static_cast<int>(inside + 0.5F));
        }
    }
}

} // namespace

InputConversion::InputConversion(const ValueMemory& to, const std::array<double, 3>& mean,
                                 const std::array<double, 3>& std)
    : to_(to), threads_(omp_get_max_threads()) {
    BANYAN_CHECK(to.shape.channels == kImageChannels, "engine: expected a picture of 3 channels, found ",
                 to.shape.channels);
    const double step = double{to.storage.scale}, zero = to.storage.zero_point;
    for (std::size_t i = 0; i < kBlock; ++i) {
        const std::size_t channel = i % mean.size();
        BANYAN_CHECK(std[channel] > 0, "engine: expected a standard deviation > 0, found ", std[channel]);
        line_.factor[i] = static_cast<float>(1 / (std[channel] * step));
        line_.shift[i] = static_cast<float>(zero - mean[channel] / (std[channel] * step));
    }
}

void InputConversion::run(const std::uint8_t* pixels) const {
    const std::int64_t rows = to_.batch * to_.shape.height;
    const auto width = static_cast<std::size_t>(to_.shape.width * kImageChannels);
#pragma omp parallel for num_threads(threads_)
    for (std::int64_t row = 0; row < rows; ++row) {
        const std::size_t first = static_cast<std::size_t>(row) * width;
        std::byte* target = to_.data + first * bytes_of(to_.storage.type);
        switch (to_.storage.type) {
        case NumberType::f32: convert_to_f32(pixels + first, reinterpret_cast<float*>(target), width, line_); break;
        case NumberType::bf16:
            convert_to_bf16(pixels + first, reinterpret_cast<std::uint16_t*>(target), width, line_);
            break;
        case NumberType::u8:
            convert_to_u8(pixels + first, reinterpret_cast<std::uint8_t*>(target), width, line_);
            break;
        }
    }
}

} // namespace banyan
