#include "image/shrunk_rows.h"

#include <algorithm>
#include <cmath>

namespace banyan {

namespace {

// Keeps the sum over a block within 32 bits, and its division by multiplication exact.
constexpr int kMaxShrink = 1024;
constexpr std::size_t kChannels = 3;

std::size_t index_of(int value) { return static_cast<std::size_t>(value); }

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
        const std::uint8_t* bytes = source_.row(line) + index_of(begin_ * factor_) * kChannels;
        for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += bytes[i];
    }
    return last - first;
}

void ShrunkRows::average_blocks(int y, std::uint8_t* out) {
    const int rows = add_rows(y);
    const std::size_t columns = sums_.size() / kChannels;
    for (std::size_t block = 0; block < count_; ++block) {
        const std::size_t first = block * index_of(factor_);
        const std::size_t last = std::min(first + index_of(factor_), columns);
        average_block(first, last, rows, out + block * kChannels);
    }
}

void ShrunkRows::average_block(std::size_t first, std::size_t last, int rows, std::uint8_t* out) const {
    std::array<std::uint32_t, kChannels> sum{};
    for (std::size_t x = first; x < last; ++x) {
        for (std::size_t c = 0; c < kChannels; ++c) sum[c] += sums_[x * kChannels + c];
    }
    const auto pixels = static_cast<std::uint32_t>((last - first) * index_of(rows));
    for (std::size_t c = 0; c < kChannels; ++c) {
        out[c] = static_cast<std::uint8_t>((sum[c] + pixels / 2) / pixels);
    }
}

} // namespace banyan
