#include "image/turned_rows.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "image/pixel_lines.h"
#include "image/shrunk_rows.h"

namespace banyan {

namespace {

// As for straight pictures, weights have 8 bits.
constexpr int kWeightBits = 8;
constexpr std::uint32_t kWeightOne = 1U << kWeightBits;
constexpr std::size_t kChannels = 3;

Image shrink(const Image& source, int factor) {
    Image shrunk(shrunk_size(source.width, factor), shrunk_size(source.height, factor));
    ShrunkRows rows(source, factor, 0, shrunk.width);
    for (int y = 0; y < shrunk.height; ++y) {
        std::memcpy(shrunk.row(y), rows.row(y), static_cast<std::size_t>(shrunk.width) * kChannels);
    }
    return shrunk;
}

/// The two pixels that a position on an axis of `count` pixels lies between; `weight` belongs to the second.
struct Between {
    Between(std::int64_t position, int count) {
        constexpr int kDropped = PixelLine::kFractionBits - kWeightBits;
        constexpr std::int64_t kHalfPixel = std::int64_t{1} << (PixelLine::kFractionBits - 1);
        const std::int64_t last = static_cast<std::int64_t>(count - 1) << kWeightBits;
        const std::int64_t rounded = (position - kHalfPixel + (std::int64_t{1} << (kDropped - 1))) >> kDropped;
        const std::int64_t fixed = std::clamp<std::int64_t>(rounded, 0, last);
        first = static_cast<int>(fixed >> kWeightBits);
        second = std::min(first + 1, count - 1);
        weight = static_cast<std::uint32_t>(fixed) & (kWeightOne - 1);
    }

    int first, second;
    std::uint32_t weight;
};

void write_pixel(const Image& picture, const Between& x, const Between& y, std::uint8_t* out) {
    constexpr std::uint32_t kHalf = 1U << (2 * kWeightBits - 1);
    const std::uint8_t* upper = picture.row(y.first);
    const std::uint8_t* lower = picture.row(y.second);
    const std::size_t left = static_cast<std::size_t>(x.first) * kChannels;
    const std::size_t right = static_cast<std::size_t>(x.second) * kChannels;
    const std::uint32_t x_weight = kWeightOne - x.weight, y_weight = kWeightOne - y.weight;
    for (std::size_t c = 0; c < kChannels; ++c) {
        const std::uint32_t first = upper[left + c] * y_weight + lower[left + c] * y.weight;
        const std::uint32_t second = upper[right + c] * y_weight + lower[right + c] * y.weight;
        out[c] = static_cast<std::uint8_t>((first * x_weight + second * x.weight + kHalf) >> (2 * kWeightBits));
    }
}

} // namespace

TurnedRows::TurnedRows(const Image& source, const Placement& placement, int side)
    : source_(source), placement_(placement), side_(side), factor_(shrink_factor(placement.scale)) {
    if (factor_ > 1) shrunk_ = shrink(source, factor_);
}

void TurnedRows::write(int y, const PixelSpan& span, std::uint8_t* row) const {
    const Image& from = picture();
    const PixelLines lines(placement_, y, factor_);
    for (int x = span.x0; x < span.x1; ++x) {
        const int column = placement_.flip ? side_ - 1 - x : x;
        write_pixel(from, {lines.x.at(column), from.width}, {lines.y.at(column), from.height},
                    row + static_cast<std::size_t>(x) * kChannels);
    }
}

} // namespace banyan
