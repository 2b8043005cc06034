#include "graph/onnx_view.h"

#include <algorithm>
#include <numeric>

#include <gmock/gmock.h>

#include "core/random.h"

namespace banyan {
namespace {

using testing::ElementsAre;
using Integers = std::vector<std::int64_t>;

const ValueShape kShape{12, 2, 5};

/// A tensor with the numbers c * 10 + y * 5 + x of the source written out.
struct Plain {
    OnnxDims dims;
    Integers numbers;
};

Plain whole() {
    Plain plain{{1, kShape.channels, kShape.height, kShape.width}, Integers(120)};
    std::iota(plain.numbers.begin(), plain.numbers.end(), 0);
    return plain;
}

Integers strides_of(const OnnxDims& dims) {
    Integers strides(dims.size(), 1);
    for (std::size_t a = dims.size(); a-- > 1;) strides[a - 1] = strides[a] * dims[a];
    return strides;
}

/// The tensor whose axis i has extents[i] places, each step_of(i, place) further in the old one.
Plain gathered(const Plain& from, const OnnxDims& extents,
               const std::function<std::int64_t(std::size_t, std::int64_t)>& step) {
    Plain result{extents, {}};
    const std::int64_t count = std::accumulate(extents.begin(), extents.end(), std::int64_t{1}, std::multiplies<>());
    const Integers strides = strides_of(extents);
    for (std::int64_t i = 0; i < count; ++i) {
        std::int64_t at = 0;
        for (std::size_t a = 0; a < extents.size(); ++a) at += step(a, i / strides[a] % extents[a]);
        result.numbers.push_back(from.numbers[static_cast<std::size_t>(at)]);
    }
    return result;
}

/// What the view stands for, written out.
Plain written_out(const OnnxView& view) {
    Plain result{extents_of(view), {}};
    const std::int64_t count =
        std::accumulate(result.dims.begin(), result.dims.end(), std::int64_t{1}, std::multiplies<>());
    for (std::int64_t i = 0; i < count; ++i) {
        std::int64_t rest = i, channel = 0, channel_stride = 1, row = 0, column = 0;
        for (std::size_t a = view.axes.size(); a-- > 0;) {
            for (std::size_t p = view.axes[a].size(); p-- > 0;) {
                const ViewPart& part = view.axes[a][p];
                const std::int64_t place = rest % part.extent;
                rest /= part.extent;
                if (part.kind == ViewPart::Kind::rows) row = place;
                if (part.kind == ViewPart::Kind::columns) column = place;
                if (part.kind != ViewPart::Kind::channels) continue;
                channel += place * channel_stride;
                channel_stride *= part.extent;
            }
        }
        if (!view.rows.empty()) row = view.rows[static_cast<std::size_t>(row)];
        if (!view.columns.empty()) column = view.columns[static_cast<std::size_t>(column)];
        result.numbers.push_back(view.channels[static_cast<std::size_t>(channel)] * 10 + row * 5 + column);
    }
    return result;
}

/// Random extents with the same product.
OnnxDims other_dims(const OnnxDims& dims, Random& random) {
    Integers factors;
    for (std::int64_t extent : dims) {
        for (std::int64_t f = 2; extent > 1; ++f) {
            for (; extent % f == 0; extent /= f) factors.push_back(f);
        }
    }
    OnnxDims result{1};
    for (const std::int64_t factor : factors) {
        if (random.chance(0.5)) result.push_back(1);
        result.back() *= factor;
    }
    return result;
}

void transpose(OnnxView& view, Plain& plain, Random& random) {
    std::vector<std::size_t> order(plain.dims.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    random.shuffle(order);
    OnnxDims extents;
    for (const std::size_t axis : order) extents.push_back(plain.dims[axis]);
    const Integers strides = strides_of(plain.dims);
    view = transposed(view, order);
    plain = gathered(plain, extents, [&](std::size_t a, std::int64_t place) { return place * strides[order[a]]; });
}

void take(OnnxView& view, Plain& plain, Random& random) {
    const auto axis = static_cast<std::size_t>(random.integer(0, std::ssize(plain.dims) - 1));
    Integers places;
    for (std::int64_t count = random.integer(1, 4); count > 0; --count) {
        places.push_back(random.integer(0, plain.dims[axis] - 1));
    }
    const std::optional<OnnxView> chosen = taken(view, axis, places);
    if (!chosen) return;
    view = *chosen;
    OnnxDims extents = plain.dims;
    extents[axis] = std::ssize(places);
    const Integers strides = strides_of(plain.dims);
    plain = gathered(plain, extents, [&](std::size_t a, std::int64_t place) {
        return (a == axis ? places[static_cast<std::size_t>(place)] : place) * strides[a];
    });
}

TEST(OnnxView, StandsForTheNumbersThatMovesGive) {
    int kept = 0;
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        Random random(seed);
        OnnxView view = whole_view(0, kShape);
        Plain plain = whole();
        for (std::int64_t moves = random.integer(1, 6); moves > 0; --moves) {
            const std::int64_t kind = random.integer(0, 2);
            if (kind == 0) transpose(view, plain, random);
            if (kind == 1) take(view, plain, random);
            if (kind != 2) continue;
            const OnnxDims dims = other_dims(plain.dims, random);
            const std::optional<OnnxView> other = reshaped(view, dims);
            if (!other) continue;
            ++kept;
            view = *other;
            plain.dims = dims;
        }
        const Plain found = written_out(view);
        ASSERT_EQ(found.dims, plain.dims) << "seed " << seed;
        ASSERT_EQ(found.numbers, plain.numbers) << "seed " << seed;
    }
    EXPECT_GT(kept, 500);
}

TEST(OnnxView, KnowsAShuffleOfChannels) {
    // As ShuffleNet has it: two halves, one number of each in turn; then the second half of the result.
    OnnxView view = *reshaped(whole_view(0, kShape), {6, 2, 10});
    view = transposed(view, {1, 0, 2});
    view = *reshaped(view, {2, 1, 6, 2, 5});
    view = *taken(view, 0, {1});
    EXPECT_THAT(view.channels, ElementsAre(1, 3, 5, 7, 9, 11));
    view.axes.erase(view.axes.begin());
    EXPECT_TRUE(is_channels_first(view));
    EXPECT_EQ(channel_axis(view), 1U);
    EXPECT_FALSE(view.keeps_channels(12));
}

TEST(OnnxView, RefusesToCutRowsAndColumns) {
    EXPECT_FALSE(reshaped(whole_view(0, kShape), {1, 12, 5, 2}));
    EXPECT_FALSE(reshaped(whole_view(0, kShape), {1, 8, 15}));
    EXPECT_FALSE(reshaped(whole_view(0, kShape), {1, 12, 2, 4}));
    const OnnxView flat = *reshaped(whole_view(0, kShape), {1, 120});
    EXPECT_FALSE(channel_axis(flat));
    EXPECT_FALSE(taken(flat, 1, {3}));
    EXPECT_TRUE(reshaped(flat, {1, 12, 2, 5}));
}

TEST(OnnxView, TellsWhichAxisIsWhich) {
    const OnnxView last = whole_view(0, kShape, true);
    EXPECT_EQ(extents_of(last), (OnnxDims{1, 2, 5, 12}));
    EXPECT_FALSE(is_channels_first(last));
    EXPECT_EQ(channel_axis(last), 3U);
    EXPECT_TRUE(is_channels_first(transposed(last, {0, 3, 1, 2})));
}

} // namespace
} // namespace banyan
