#include "image/shrunk_rows.h"

#include <algorithm>
#include <cmath>

#include "core/vector_widths.h"

namespace banyan {

namespace {

// Keeps the sum over a block within 28 bits, and its division by multiplication exact.
constexpr int kMaxShrink = 1024;
constexpr std::size_t kChannels = 3;

std::size_t index_of(int value) { return static_cast<std::size_t>(value); }

BANYAN_VECTOR_WIDTHS void add_row(const std::uint8_t* bytes, std::uint32_t* sums, std::size_t count) {
#pragma omp simd
    for (std::size_t i = 0; i < count; ++i) sums[i] += bytes[i];
}

/// Division by one number of up to 2^20, exact for dividends below 2^28, by multiplication: several times faster.
class Divisor {
public:
    explicit Divisor(std::uint32_t divisor) : factor_((std::uint64_t{1} << kBits) / divisor + 1) {}
    std::uint32_t divide(std::uint32_t dividend) const {
        return static_cast<std::uint32_t>((dividend * factor_) >> kBits);
    }

private:
    static constexpr int kBits = 48;
    std::uint64_t factor_;
};

} // namespace

/// Scales arrive as floats: 1/3 must give 3.
int shrink_factor(double scale) {
    return static_cast<int>(std::clamp(std::floor(1 / scale + 1e-6), 1.0, static_cast<double>(kMaxShrink)));
}

ShrunkRows::ShrunkRows(const Image& source, int factor, int begin, int end)
    : source_(source), factor_(factor), begin_(begin), count_(index_of(end - begin)) {
    if (factor == 1) return;
    sums_.resize((index_of(std::min(end * factor, source.width)) - index_of(begin * factor)) * kChannels);
    for (Slot& slot : slots_) slot.bytes.resize(count_ * kChannels);
}

const std::uint8_t* ShrunkRows::row(int y) {
    if (factor_ == 1) return source_.row(y) + index_of(begin_) * kChannels;
    Slot& slot = slots_[index_of(y % 2)];
    if (slot.y != y) {
        slot.y = y;
        average_blocks(y, slot.bytes.data());
    }
    return slot.bytes.data();
}

int ShrunkRows::add_rows(int y) {
    std::fill(sums_.begin(), sums_.end(), 0U);
    const int first = y * factor_;
    const int last = std::min(first + factor_, source_.height);
    for (int line = first; line < last; ++line) {
        add_row(source_.row(line) + index_of(begin_ * factor_) * kChannels, sums_.data(), sums_.size());
    }
    return last - first;
}

void ShrunkRows::average_blocks(int y, std::uint8_t* out) {
    const int rows = add_rows(y);
    const std::size_t columns = sums_.size() / kChannels, whole = columns / index_of(factor_);
    average_blocks(0, whole, index_of(factor_), rows, out);
    if (whole < count_) average_blocks(whole, count_, columns - whole * index_of(factor_), rows, out);
}

void ShrunkRows::average_blocks(std::size_t first, std::size_t last, std::size_t width, int rows,
                                std::uint8_t* out) const {
    const auto pixels = static_cast<std::uint32_t>(width * index_of(rows));
    const Divisor divisor(pixels);
    for (std::size_t block = first; block < last; ++block) {
        const std::uint32_t* sums = sums_.data() + block * index_of(factor_) * kChannels;
        for (std::size_t c = 0; c < kChannels; ++c) {
            std::uint32_t sum = pixels / 2;
            for (std::size_t x = 0; x < width; ++x) sum += sums[x * kChannels + c];
            out[block * kChannels + c] = static_cast<std::uint8_t>(divisor.divide(sum));
        }
    }
}

} // namespace banyan
