#include "anchors/box_coder.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/random.h"
#include "support/random_boxes.h"

namespace banyan {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

void expect_same_box(const Box& actual, const Box& expected, float tolerance) {
    EXPECT_NEAR(actual.x0, expected.x0, tolerance);
    EXPECT_NEAR(actual.y0, expected.y0, tolerance);
    EXPECT_NEAR(actual.x1, expected.x1, tolerance);
    EXPECT_NEAR(actual.y1, expected.y1, tolerance);
}

TEST(BoxCoder, DecodesWhatItEncodesAgainstPriorBoxes) {
    const std::vector<Box> anchors = random_boxes(1000, 1);
    const std::vector<Box> boxes = random_boxes(1000, 2);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        const BoxCode code = encode_box(AnchorKind::boxes, anchors[i], 8, boxes[i]);
        if (std::max(code[2], code[3]) > kMaxLogRatio) continue;
        expect_same_box(decode_box(AnchorKind::boxes, anchors[i], 8, code), boxes[i], 2e-3F);
    }
}

TEST(BoxCoder, DecodesWhatItEncodesFromPointsInside) {
    Random random(3);
    for (const Box& box : random_boxes(1000, 4)) {
        const auto x = static_cast<float>(random.uniform(box.x0, box.x1));
        const auto y = static_cast<float>(random.uniform(box.y0, box.y1));
        const Box anchor{x - 24, y - 24, x + 24, y + 24};
        const int stride = 1 << random.integer(2, 8);
        const BoxCode code = encode_box(AnchorKind::points, anchor, stride, box);
        expect_same_box(decode_box(AnchorKind::points, anchor, stride, code), box, 1e-3F);
    }
}

TEST(BoxCoder, HasTheCodesOfTheFormulas) {
    const Box anchor{0, 0, 8, 16}; // centre (4, 8)
    const Box box{4, 0, 20, 8};    // centre (12, 4), 16 x 8
    const BoxCode deltas = encode_box(AnchorKind::boxes, anchor, 8, box);
    EXPECT_FLOAT_EQ(deltas[0], 1.0F);   // (12 - 4) / 8
    EXPECT_FLOAT_EQ(deltas[1], -0.25F); // (4 - 8) / 16
    EXPECT_FLOAT_EQ(deltas[2], std::log(2.0F));
    EXPECT_FLOAT_EQ(deltas[3], std::log(0.5F));
    const BoxCode distances = encode_box(AnchorKind::points, anchor, 8, box);
    EXPECT_EQ(distances, (BoxCode{0, 1, 2, 0})); // 4 - 4, 8 - 0, 20 - 4, 8 - 8 in strides of 8
}

TEST(BoxCoder, DecodesZeroToTheAnchorOrThePoint) {
    const Box anchor{10, 20, 30, 60};
    EXPECT_EQ(decode_box(AnchorKind::boxes, anchor, 8, {0, 0, 0, 0}), anchor);
    EXPECT_EQ(decode_box(AnchorKind::points, anchor, 8, {0, 0, 0, 0}), (Box{20, 40, 20, 40}));
    EXPECT_EQ(decode_box(AnchorKind::points, anchor, 8, {1, 2, 0.5F, 1}), (Box{12, 24, 24, 48}));
}

TEST(BoxCoder, ClampsLogRatiosAndNegativeDistances) {
    const Box anchor{0, 0, 16, 16};
    const Box widest = decode_box(AnchorKind::boxes, anchor, 8, {0, 0, 100, kInfinity});
    EXPECT_NEAR(widest.width(), 1000, 0.1); // 16 * 1000 / 16
    EXPECT_NEAR(widest.height(), 1000, 0.1);
    EXPECT_EQ(decode_box(AnchorKind::boxes, anchor, 8, {0, 0, -kInfinity, -200}), (Box{8, 8, 8, 8}));
    EXPECT_EQ(decode_box(AnchorKind::points, anchor, 8, {-1, -100, -kInfinity, 1}), (Box{8, 8, 8, 16}));
}

TEST(BoxCoder, LetsNanThrough) {
    const Box anchor{0, 0, 16, 16};
    for (const AnchorKind kind : {AnchorKind::boxes, AnchorKind::points}) {
        for (std::size_t i = 0; i < 4; ++i) {
            BoxCode code{1, 1, 1, 1};
            code[i] = kNan;
            const Box box = decode_box(kind, anchor, 8, code);
            EXPECT_TRUE(std::isnan(box.x0 + box.y0 + box.x1 + box.y1)) << "code " << i;
        }
    }
}

} // namespace
} // namespace banyan
