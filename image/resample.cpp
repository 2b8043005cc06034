#include "image/resample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <vector>

#include "core/check.h"

namespace banyan {

namespace {

// Weights have 8 bits: a column of two blended bytes fits 16 bits, two of those blended fit 32.
constexpr int kWeightBits = 8;
constexpr std::uint32_t kWeightOne = 1U << kWeightBits;
// Keeps the sum over a block within 32 bits, and its division by multiplication exact.
constexpr int kMaxShrink = 1024;
constexpr std::size_t kChannels = 3;

std::size_t index_of(int value) { return static_cast<std::size_t>(value); }

/// Source pixels a target pixel lies between; `weight` of kWeightOne belongs to the second.
struct Tap {
    int first = 0;
    int second = 0;
    std::uint32_t weight = 0;
};

/// The whole factor of the box filter. Scales arrive as floats: 1/3 must give 3.
int shrink_factor(double scale) {
    return static_cast<int>(std::clamp(std::floor(1 / scale + 1e-6), 1.0, static_cast<double>(kMaxShrink)));
}

/// Taps of the target pixels [begin, end) on an axis of `count` source pixels.
std::vector<Tap> make_taps(int begin, int end, double scale, double offset, int count) {
    std::vector<Tap> taps;
    taps.reserve(index_of(end - begin));
    for (int i = begin; i < end; ++i) {
        const double position = std::clamp((i + 0.5 - offset) / scale - 0.5, 0.0, count - 1.0);
        const auto fixed = static_cast<std::uint32_t>(position * kWeightOne + 0.5);
        const int first = static_cast<int>(fixed >> kWeightBits);
        taps.push_back({first, std::min(first + 1, count - 1), fixed & (kWeightOne - 1)});
    }
    return taps;
}

/// Rows of the source shrunk by a whole factor, only columns [begin, end) of the shrunk picture, made when asked for.
/// Blocks at the right and lower edge average what there is of them.
class ShrunkRows {
public:
    ShrunkRows(const Image& source, int factor, int begin, int end)
        : source_(source), factor_(factor), begin_(begin), count_(index_of(end - begin)) {
        if (factor == 1) return;
        sums_.resize((index_of(std::min(end * factor, source.width)) - index_of(begin * factor)) * kChannels);
        for (Slot& slot : slots_) slot.bytes.resize(count_ * kChannels);
    }

    /// Valid until the next but one other row is asked for.
    const std::uint8_t* row(int y) {
        if (factor_ == 1) return source_.row(y) + index_of(begin_) * kChannels;
        Slot& slot = slots_[index_of(y % 2)];
        if (slot.y != y) {
            slot.y = y;
            average_blocks(y, slot.bytes.data());
        }
        return slot.bytes.data();
    }

private:
    struct Slot {
        int y = -1;
        std::vector<std::uint8_t> bytes;
    };

    int add_rows(int y) {
        std::fill(sums_.begin(), sums_.end(), 0U);
        const int first = y * factor_;
        const int last = std::min(first + factor_, source_.height);
        for (int line = first; line < last; ++line) {
            const std::uint8_t* bytes = source_.row(line) + index_of(begin_ * factor_) * kChannels;
            for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += bytes[i];
        }
        return last - first;
    }

    void average_blocks(int y, std::uint8_t* out) {
        const int rows = add_rows(y);
        const std::size_t columns = sums_.size() / kChannels;
        for (std::size_t block = 0; block < count_; ++block) {
            const std::size_t first = block * index_of(factor_);
            const std::size_t last = std::min(first + index_of(factor_), columns);
            average_block(first, last, rows, out + block * kChannels);
        }
    }

    void average_block(std::size_t first, std::size_t last, int rows, std::uint8_t* out) const {
        std::array<std::uint32_t, kChannels> sum{};
        for (std::size_t x = first; x < last; ++x) {
            for (std::size_t c = 0; c < kChannels; ++c) sum[c] += sums_[x * kChannels + c];
        }
        const auto pixels = static_cast<std::uint32_t>((last - first) * index_of(rows));
        for (std::size_t c = 0; c < kChannels; ++c) {
            out[c] = static_cast<std::uint8_t>((sum[c] + pixels / 2) / pixels);
        }
    }

    const Image& source_;
    int factor_;
    int begin_;
    std::size_t count_;
    std::vector<std::uint32_t> sums_; ///< of the rows of one block
    std::array<Slot, 2> slots_;
};

void blend_rows(const std::uint8_t* first, const std::uint8_t* second, std::uint32_t weight,
                std::vector<std::uint16_t>& blended) {
    const auto weight_second = static_cast<std::uint16_t>(weight);
    const auto weight_first = static_cast<std::uint16_t>(kWeightOne - weight);
    for (std::size_t i = 0; i < blended.size(); ++i) {
        blended[i] = static_cast<std::uint16_t>(first[i] * weight_first + second[i] * weight_second);
    }
}

void blend_columns(const std::vector<Tap>& taps, const std::uint16_t* row, std::uint8_t* out) {
    constexpr std::uint32_t kHalf = 1U << (2 * kWeightBits - 1);
    for (const Tap& tap : taps) {
        const std::uint16_t* first = row + index_of(tap.first) * kChannels;
        const std::uint16_t* second = row + index_of(tap.second) * kChannels;
        const std::uint32_t weight_first = kWeightOne - tap.weight;
        for (std::size_t c = 0; c < kChannels; ++c) {
            out[c] = static_cast<std::uint8_t>((first[c] * weight_first + second[c] * tap.weight + kHalf) >>
                                               (2 * kWeightBits));
        }
        out += kChannels;
    }
}

} // namespace

void place_image(const Image& source, const Placement& placement, int side, std::uint8_t* target) {
    BANYAN_CHECK(!source.empty() && placement.scale > 0, "place_image: an empty picture or scale ", placement.scale);
    Placement straight = placement;
    straight.flip = false;
    const CoveredPixels covered = covered_pixels(source.width, source.height, straight, side);
    std::memset(target, kPadGrey, index_of(side) * index_of(side) * kChannels);
    if (covered.x0 == covered.x1 || covered.y0 == covered.y1) return;

    const int factor = shrink_factor(placement.scale);
    const auto shrunk = [factor](int count) { return (count + factor - 1) / factor; };
    const double scale = placement.scale * factor;
    std::vector<Tap> columns = make_taps(covered.x0, covered.x1, scale, placement.offset_x, shrunk(source.width));
    const std::vector<Tap> rows = make_taps(covered.y0, covered.y1, scale, placement.offset_y, shrunk(source.height));

    const int begin = columns.front().first;
    const int end = columns.back().second + 1;
    for (Tap& tap : columns) {
        tap.first -= begin;
        tap.second -= begin;
    }
    if (placement.flip) std::reverse(columns.begin(), columns.end());
    const int left = placement.flip ? side - covered.x1 : covered.x0;

    ShrunkRows source_rows(source, factor, begin, end);
    std::vector<std::uint16_t> blended(index_of(end - begin) * kChannels);
    for (int y = covered.y0; y < covered.y1; ++y) {
        const Tap& tap = rows[index_of(y - covered.y0)];
        const std::uint8_t* first = source_rows.row(tap.first);
        blend_rows(first, source_rows.row(tap.second), tap.weight, blended);
        blend_columns(columns, blended.data(), target + (index_of(y) * index_of(side) + index_of(left)) * kChannels);
    }
}

} // namespace banyan
