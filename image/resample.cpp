#include "image/resample.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include "core/check.h"
#include "core/vector_widths.h"
#include "image/shrunk_rows.h"
#include "image/turned_rows.h"

namespace banyan {

namespace {

// Weights have 8 bits: a column of two blended bytes fits 16 bits, two of those blended fit 32.
constexpr int kWeightBits = 8;
constexpr std::uint32_t kWeightOne = 1U << kWeightBits;
constexpr std::size_t kChannels = 3;

std::size_t index_of(int value) { return static_cast<std::size_t>(value); }

/// Source pixels a target pixel lies between; `weight` of kWeightOne belongs to the second.
struct Tap {
    int first = 0;
    int second = 0;
    std::uint32_t weight = 0;
};

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

BANYAN_VECTOR_WIDTHS void blend_rows(const std::uint8_t* first, const std::uint8_t* second, std::uint32_t weight,
                                     std::uint16_t* blended, std::size_t count) {
    const auto weight_second = static_cast<std::uint16_t>(weight);
    const auto weight_first = static_cast<std::uint16_t>(kWeightOne - weight);
#pragma omp simd
    for (std::size_t i = 0; i < count; ++i) {
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

/// A straight picture's pixels of `covered`, which has no others.
void place_straight(const Image& source, const Placement& placement, int side, const PixelRect& covered,
                    std::uint8_t* target) {
    if (covered.empty()) return;
    const PixelRect window = placement.flip ? mirror(covered, side) : covered; // as it lies before the flip
    const int factor = shrink_factor(placement.scale);
    const double scale = placement.scale * factor;
    std::vector<Tap> columns =
        make_taps(window.x0, window.x1, scale, placement.offset_x, shrunk_size(source.width, factor));
    const std::vector<Tap> rows =
        make_taps(window.y0, window.y1, scale, placement.offset_y, shrunk_size(source.height, factor));

    const int begin = columns.front().first;
    const int end = columns.back().second + 1;
    for (Tap& tap : columns) {
        tap.first -= begin;
        tap.second -= begin;
    }
    if (placement.flip) std::reverse(columns.begin(), columns.end());

    ShrunkRows source_rows(source, factor, begin, end);
    std::vector<std::uint16_t> blended(index_of(end - begin) * kChannels);
    for (int y = window.y0; y < window.y1; ++y) {
        const Tap& tap = rows[index_of(y - window.y0)];
        const std::uint8_t* first = source_rows.row(tap.first);
        blend_rows(first, source_rows.row(tap.second), tap.weight, blended.data(), blended.size());
        blend_columns(columns, blended.data(),
                      target + (index_of(y) * index_of(side) + index_of(covered.x0)) * kChannels);
    }
}

/// Greys the pixels of each row of `window` that its span leaves out.
void fill_beside(const std::vector<PixelSpan>& spans, const PixelRect& window, int side, std::uint8_t* target) {
    for (int y = window.y0; y < window.y1; ++y) {
        const PixelSpan& span = spans[index_of(y - window.y0)];
        std::uint8_t* row = target + index_of(y) * index_of(side) * kChannels;
        std::memset(row + index_of(window.x0) * kChannels, kPadGrey, index_of(span.x0 - window.x0) * kChannels);
        std::memset(row + index_of(span.x1) * kChannels, kPadGrey, index_of(window.x1 - span.x1) * kChannels);
    }
}

/// The spans of a straight picture are all alike or empty.
PixelRect common_rect(const std::vector<PixelSpan>& spans, const PixelRect& window) {
    const auto is_covered = [](const PixelSpan& span) { return span.x0 < span.x1; };
    const auto first = std::find_if(spans.begin(), spans.end(), is_covered);
    const auto last = std::find_if_not(first, spans.end(), is_covered);
    if (first == spans.end()) return {};
    return {first->x0, window.y0 + static_cast<int>(first - spans.begin()), first->x1,
            window.y0 + static_cast<int>(last - spans.begin())};
}

} // namespace

std::vector<PixelSpan> place_image(const Image& source, const Placement& placement, int side, const PixelRect& window,
                                   std::uint8_t* target) {
    BANYAN_CHECK(!source.empty() && placement.scale > 0, "place_image: an empty picture or scale ", placement.scale);
    std::vector<PixelSpan> spans = covered_spans(source.width, source.height, placement, side, window);
    fill_beside(spans, window, side, target);
    if (placement.is_straight()) {
        place_straight(source, placement, side, common_rect(spans, window), target);
    } else {
        const TurnedRows rows(source, placement, side);
        for (int y = window.y0; y < window.y1; ++y) {
            rows.write(y, spans[index_of(y - window.y0)], target + index_of(y) * index_of(side) * kChannels);
        }
    }
    return spans;
}

void place_image(const Image& source, const Placement& placement, int side, std::uint8_t* target) {
    place_image(source, placement, side, whole_target(side), target);
}

} // namespace banyan
