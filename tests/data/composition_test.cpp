#include "data/composition.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "data/random_placement.h"
#include "support/painted_image.h"

namespace banyan {
namespace {

using test::kRed;
using test::noise_image;
using test::pixel;
using test::plain_image;
using test::Rgb;

constexpr int kSide = 96;

TransformOptions plain_options() {
    TransformOptions options;
    options.flip = options.brightness = options.contrast = options.saturation = options.hue_degrees = 0;
    return options;
}

/// Partners are of the colours {1, 0, 0}, {2, 0, 0}, … in the order asked.
class Pictures {
public:
    explicit Pictures(std::vector<LabelledBox> partner_boxes = {})
        : labels_{std::move(partner_boxes), {}, {LabelState::exhaustive, LabelState::unknown}, {}} {}

    RowPictures row() {
        return {{std::make_shared<const Image>(plain_image(120, 90, {0, 0, 0})), &labels_}, [this] {
                    ++asked_;
                    const Rgb colour{static_cast<std::uint8_t>(asked_), 0, 0};
                    return LabelledPicture{std::make_shared<const Image>(plain_image(120, 90, colour)), &labels_};
                }};
    }
    int asked() const { return asked_; }

private:
    Labels labels_;
    int asked_ = 0;
};

TEST(ComposeRandomly, AsksForNoPartnerUnlessWanted) {
    Pictures pictures;
    Random random(1);
    const Composition composition = compose_randomly(pictures.row(), kSide, TransformOptions{}, random);
    EXPECT_EQ(composition.layers.size(), 1U);
    EXPECT_FALSE(composition.blended);
    EXPECT_EQ(pictures.asked(), 0);
}

TEST(ComposeRandomly, OptionsThatAreOffDrawNothing) {
    Pictures pictures;
    Random composed(2), plain(2);
    compose_randomly(pictures.row(), kSide, TransformOptions{}, composed);
    random_placement(120, 90, {kSide, whole_target(kSide), 1.0}, TransformOptions{}, plain);
    random_colours(TransformOptions{}, plain);
    EXPECT_EQ(composed, plain);
}

TEST(ComposeRandomly, MosaicsTileTheTargetWithThePrimaryInIt) {
    TransformOptions options = plain_options();
    options.mosaic = 1;
    Random random(3);
    std::vector<int> places(4);
    for (int i = 0; i < 100; ++i) {
        Pictures pictures;
        const Composition composition = compose_randomly(pictures.row(), kSide, options, random);
        ASSERT_EQ(composition.layers.size(), 4U);
        EXPECT_EQ(pictures.asked(), 3);
        std::vector<int> covered(static_cast<std::size_t>(kSide * kSide));
        for (std::size_t k = 0; k < 4; ++k) {
            const PictureLayer& layer = composition.layers[k];
            EXPECT_GE(std::min(layer.window.width(), layer.window.height()), kSide / 4);
            for (int y = layer.window.y0; y < layer.window.y1; ++y) {
                for (int x = layer.window.x0; x < layer.window.x1; ++x) {
                    ++covered[static_cast<std::size_t>(y * kSide + x)];
                }
            }
            if (layer.picture.image->rgb[0] == 0) ++places[k];
        }
        EXPECT_EQ(std::count(covered.begin(), covered.end(), 1), kSide * kSide);
    }
    EXPECT_EQ(places[0] + places[1] + places[2] + places[3], 100);
    EXPECT_GT(*std::min_element(places.begin(), places.end()), 10);
}

TEST(ComposeRandomly, MosaicsAreDrawnTileByTile) {
    TransformOptions options = plain_options();
    options.mosaic = 1;
    options.scale_low = options.scale_high = 2; // with mosaic_scale 0.7 no grey is left
    Pictures pictures;
    Random random(4);
    const Composition composition = compose_randomly(pictures.row(), kSide, options, random);
    Image target = plain_image(kSide, kSide, kRed);
    draw_composition(composition, target.rgb.data());
    for (const PictureLayer& layer : composition.layers) {
        for (int y = layer.window.y0; y < layer.window.y1; ++y) {
            for (int x = layer.window.x0; x < layer.window.x1; ++x) {
                ASSERT_EQ(pixel(target, x, y), pixel(*layer.picture.image, 0, 0)) << x << ", " << y;
            }
        }
    }
}

/// The patch is a box with its margin: it holds the box and at most 1.8 times its sides; to whole pixels.
bool shows(const PictureLayer& patch, const Box& box) {
    constexpr float kRounding = 1.01F;
    const Box placed = place_box(box, patch.placement, kSide), window = to_box(patch.window);
    const bool is_inside = placed.x0 + kRounding >= window.x0 && placed.y0 + kRounding >= window.y0 &&
                           placed.x1 - kRounding <= window.x1 && placed.y1 - kRounding <= window.y1;
    return is_inside && window.width() <= 1.8F * placed.width() + kRounding &&
           window.height() <= 1.8F * placed.height() + kRounding;
}

TEST(ComposeRandomly, PatchesShowAPartnersBoxWithAMargin) {
    TransformOptions options;
    options.copy_paste = 1;
    const std::vector<Box> boxes{{30, 20, 50, 60}, {0, 0, 12, 90}, {100, 10, 118, 30}};
    Random random(5);
    std::vector<int> counts(4);
    for (int i = 0; i < 200; ++i) {
        Pictures pictures({{boxes[0], 0}, {boxes[1], 0}, {boxes[2], 0}, {{0, 0, 120, 90}, 1}}); // 1 is unknown
        const Composition composition = compose_randomly(pictures.row(), kSide, options, random);
        EXPECT_EQ(pictures.asked(), 1);
        ASSERT_TRUE(composition.layers.size() >= 2 && composition.layers.size() <= 4);
        ++counts[composition.layers.size() - 1];
        for (std::size_t k = 1; k < composition.layers.size(); ++k) {
            const PictureLayer& patch = composition.layers[k];
            EXPECT_EQ(intersect(patch.window, whole_target(kSide)), patch.window);
            EXPECT_LE(std::max(patch.window.width(), patch.window.height()), 0.6 * kSide);
            EXPECT_EQ(std::count_if(boxes.begin(), boxes.end(), [&](const Box& box) { return shows(patch, box); }), 1);
            for (const PixelSpan& span : covered_spans(120, 90, patch.placement, kSide, patch.window)) {
                EXPECT_EQ(span.x1 - span.x0, patch.window.width()); // no grey
            }
        }
    }
    EXPECT_GT(*std::min_element(counts.begin() + 1, counts.end()), 40);
}

TEST(ComposeRandomly, PartnersWithoutKnownBoxesGiveNoPatch) {
    TransformOptions options;
    options.copy_paste = 1;
    Pictures pictures({{{0, 0, 120, 90}, 1}});
    Random random(6);
    EXPECT_EQ(compose_randomly(pictures.row(), kSide, options, random).layers.size(), 1U);
}

TEST(ComposeRandomly, MixupIsTheWeightedMeanOfBothPictures) {
    TransformOptions options = plain_options();
    options.mixup = 1;
    options.scale_low = options.scale_high = 1;
    const Labels labels{{}, {}, {LabelState::absent}, {}};
    const auto first = std::make_shared<const Image>(noise_image(kSide, kSide, 7));
    const auto second = std::make_shared<const Image>(noise_image(kSide, kSide, 8));
    Random random(9);
    const Composition composition = compose_randomly({{first, &labels},
                                                      [&] {
                                                          return LabelledPicture{second, &labels};
                                                      }},
                                                     kSide, options, random);
    ASSERT_TRUE(composition.blended);
    const double weight = composition.blend_weight / 256.0;
    EXPECT_TRUE(weight >= 0.375 && weight <= 0.625);
    Image target(kSide, kSide);
    draw_composition(composition, target.rgb.data());
    for (std::size_t i = 0; i < target.rgb.size(); ++i) {
        EXPECT_NEAR(target.rgb[i], (1 - weight) * first->rgb[i] + weight * second->rgb[i], 0.5 + 1e-9);
    }
}

} // namespace
} // namespace banyan
