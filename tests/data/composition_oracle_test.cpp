// Labels of random compositions against an oracle that asks, pixel by pixel, the pictures they are made of.
#include "data/composition_oracle.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <gtest/gtest.h>

#include "data/compose_labels.h"
#include "data/composition_case.h"
#include "image/resample.h"
#include "support/painted_image.h"

namespace banyan {
namespace {

using test::BoxFate;
using test::centre_of;
using test::CompositionCase;
using test::CompositionOracle;
using test::kClasses;
using test::kSide;
using test::LayerOracle;
using test::pixel;
using test::Rgb;
using test::Spot;
using test::to_source;
using test::Truth;

constexpr int kCases = 1200;

bool is_ignored(const Labels& labels, int class_id, Point point) {
    return std::any_of(labels.ignore.begin(), labels.ignore.end(), [&](const IgnoreRegion& region) {
        return (region.class_id == -1 || region.class_id == class_id) && contains(region.area, point);
    });
}

struct Tally {
    std::int64_t compared = 0;
    std::int64_t skipped = 0;
};

void compare_pixels(const CompositionCase& given, const Labels& composed, Tally& tally) {
    const CompositionOracle oracle(given.composition, given.options);
    // Where polygons cross, states are lost, and boxes whose class they make unknown are ignored as boxes.
    const bool may_lose = given.composition.blended && given.has_own_regions();
    for (int i = 0; i < kSide * kSide; ++i) {
        const int x = i % kSide, y = i / kSide;
        const Point centre{static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F};
        const std::optional<Truth> truth = oracle.at_pixel(x, y);
        ++(truth ? tally.compared : tally.skipped);
        if (!truth) continue;
        for (int k = 0; k < kClasses; ++k) {
            const auto c = static_cast<std::size_t>(k);
            const LabelState state = state_at(composed, k, centre);
            ASSERT_TRUE((may_lose && state == LabelState::unknown) || state == truth->states[c])
                << "class " << k << " at " << x << ", " << y;
            const bool ignored = is_ignored(composed, k, centre);
            ASSERT_TRUE((may_lose && ignored) || ignored == truth->ignored[c].value_or(ignored))
                << "class " << k << " at " << x << ", " << y;
        }
    }
}

TEST(CompositionOracle, AgreesOnStatesAndIgnoredPixelsOfRandomCompositions) {
    Tally tally;
    for (int i = 0; i < kCases && !HasFatalFailure(); ++i) {
        SCOPED_TRACE(i);
        const CompositionCase given(i);
        compare_pixels(given, compose_labels(given.composition, given.options), tally);
    }
    EXPECT_LT(tally.skipped, tally.compared / 50);
}

bool is_near(const Box& a, const Box& b, double tolerance) {
    const std::array<float, 4> away{a.x0 - b.x0, a.y0 - b.y0, a.x1 - b.x1, a.y1 - b.y1};
    return std::all_of(away.begin(), away.end(),
                       [&](float d) { return static_cast<double>(std::abs(d)) <= tolerance; });
}

TEST(CompositionOracle, AgreesOnWhichBoxesAreKept) {
    std::array<int, 4> fates{};
    for (int i = 0; i < kCases; ++i) {
        const CompositionCase given(i);
        const Labels composed = compose_labels(given.composition, given.options);
        const CompositionOracle oracle(given.composition, given.options);
        std::size_t kept = 0, open = 0;
        for (const LayerOracle& stack : oracle.stacks()) {
            for (const auto& [class_id, fate] : stack.fates()) {
                ++fates[static_cast<std::size_t>(fate.kind)];
                kept += fate.kind == BoxFate::kept ? 1U : 0U;
                open += fate.kind == BoxFate::open ? 1U : 0U;
                if (fate.kind != BoxFate::kept) continue;
                const bool found =
                    std::any_of(composed.boxes.begin(), composed.boxes.end(), [&](const LabelledBox& box) {
                        return box.class_id == class_id && is_near(box.box, fate.extent, 1.5 * fate.step + 0.01);
                    });
                EXPECT_TRUE(found) << "case " << i << ", class " << class_id;
            }
        }
        EXPECT_GE(composed.boxes.size(), kept) << "case " << i;
        EXPECT_LE(composed.boxes.size(), kept + open) << "case " << i;
    }
    EXPECT_GT(fates[BoxFate::kept], kCases);
    EXPECT_GT(fates[BoxFate::ignored], kCases / 2);
}

TEST(CompositionOracle, AgreesOnThePictureThatEachPixelShows) {
    for (int i = 0; i < kCases; ++i) {
        const CompositionCase given(i);
        if (given.composition.blended) continue;
        const CompositionOracle oracle(given.composition, given.options);
        Image target(kSide, kSide);
        draw_composition(given.composition, target.rgb.data());
        for (int p = 0; p < kSide * kSide; ++p) {
            const Spot spot{p % kSide + 0.5, p / kSide + 0.5};
            const PictureLayer& layer = oracle.stacks()[0].top(spot);
            const Image& image = *layer.picture.image;
            const Spot source = to_source(spot, layer.placement);
            const double inside =
                std::min({source.x, source.y, image.width - source.x, image.height - source.y}); // < 0: beside it
            if (std::abs(inside) < 1e-4) continue;
            const Rgb expected = inside > 0 ? pixel(image, 0, 0) : Rgb{kPadGrey, kPadGrey, kPadGrey};
            ASSERT_EQ(pixel(target, p % kSide, p / kSide), expected) << "case " << i << ", pixel " << p;
        }
    }
}

/// Every box that is left is one to learn.
TEST(CompositionOracle, KnowsTheClassAtTheCentreOfEveryBox) {
    for (int i = 0; i < kCases; ++i) {
        const CompositionCase given(i);
        const bool alone = given.composition.layers.size() == 1 && !given.composition.blended;
        if (alone) continue;
        const Labels composed = compose_labels(given.composition, given.options);
        for (const LabelledBox& box : composed.boxes) {
            EXPECT_NE(state_at(composed, box.class_id, centre_of(box.box)), LabelState::unknown) << "case " << i;
        }
    }
}

} // namespace
} // namespace banyan
