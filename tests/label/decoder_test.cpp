#include "label/decoder.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

void expect_box(const Box& box, const Box& expected) {
    constexpr float kTolerance = 1e-4F;
    EXPECT_NEAR(box.x0, expected.x0, kTolerance);
    EXPECT_NEAR(box.y0, expected.y0, kTolerance);
    EXPECT_NEAR(box.x1, expected.x1, kTolerance);
    EXPECT_NEAR(box.y1, expected.y1, kTolerance);
}

/// One row of two cells, two anchors each, background and one class; the input is 40 x 16 pixels.
class Ssd : public ::testing::Test {
protected:
    std::vector<SsdLevel> levels() const {
        return {{{logits_.data(), 1, 2, 4, "scores"}, {codes_.data(), 1, 2, 8, "codes"}, {10, 24}}};
    }
    std::vector<float> logits_{0, 0, 2, -2, -1, 1, 5, 0};
    std::vector<float> codes_{0, 0, 0, 0, 0, 0, 0, 0, 1, -2, 0, 0, 0, 0, 0, 0};
    DecodingOptions options_{16, 40, {-1, 7}, 0.1};
};

TEST_F(Ssd, DecodesByHand) {
    const std::vector<ScoredBox> boxes = decode_ssd(levels(), {}, options_);
    ASSERT_EQ(boxes.size(), 2U); // the larger anchors' scores are 0.02 and 0.007
    // Cell 0, centre (10, 8), logits 0, 0.
    EXPECT_FLOAT_EQ(boxes[0].score, 0.5F);
    EXPECT_EQ(boxes[0].class_id, 7);
    expect_box(boxes[0].box, {5, 3, 15, 13});
    // Cell 1, centre (30, 8) moved by 0.1 * (1, -2) * 10.
    EXPECT_FLOAT_EQ(boxes[1].score, static_cast<float>(1 / (1 + std::exp(-2.0))));
    expect_box(boxes[1].box, {26, 1, 36, 11});
}

TEST_F(Ssd, SizesAreExponentsAndAnchorsAreCutAtTheInput) {
    logits_ = {9, 0, 0, 9, 9, 0, 9, 0};
    codes_[4 + 2] = std::log(2.0F) / 0.2F;
    const std::vector<ScoredBox> boxes = decode_ssd(levels(), {}, options_);
    ASSERT_EQ(boxes.size(), 1U);
    expect_box(boxes[0].box, {10 - 24, 0, 10 + 24, 16}); // 24 wide, doubled; 24 high, cut to 16
}

TEST_F(Ssd, ClassesThatNobodyWantsAreDropped) {
    options_.class_of_source = {3, -1}; // background is never a class
    EXPECT_TRUE(decode_ssd(levels(), {}, options_).empty());
    options_.class_of_source = {};
    EXPECT_TRUE(decode_ssd(levels(), {}, options_).empty());
}

TEST_F(Ssd, RefusesOutputsThatDoNotFit) {
    std::vector<SsdLevel> wrong = levels();
    wrong[0].sizes_px = {10, 20, 30};
    expect_error<ShapeError>([&] { decode_ssd(wrong, {}, options_); }, {"scores", "codes", "3 anchors", "sizes_px"});
    wrong = levels();
    wrong[0].boxes.width = 1;
    expect_error<ShapeError>([&] { decode_ssd(wrong, {}, options_); }, {"scores"});
    logits_[3] = std::numeric_limits<float>::quiet_NaN();
    expect_error<NumericError>([&] { decode_ssd(levels(), {}, options_); }, {"scores", "not finite"});
    logits_[3] = -2;
    codes_[3] = std::numeric_limits<float>::infinity();
    expect_error<NumericError>([&] { decode_ssd(levels(), {}, options_); }, {"codes", "not finite"});
    codes_[3] = 1e6F; // a size that overflows is no box
    EXPECT_EQ(decode_ssd(levels(), {}, options_).size(), 1U);
}

/// Two cells over 20 x 10 pixels, two classes.
class FastestDet : public ::testing::Test {
protected:
    OutputMap output() const { return {numbers_.data(), 1, 2, 7, "out"}; }
    std::vector<float> numbers_{0.5F, 0, 0, 0, 0, 0.25F, 0.75F, 1, 0.5F, -0.5F, 0, 0, 0.9F, 0.1F};
    DecodingOptions options_{10, 20, {4, 5}, 0.01};
};

TEST_F(FastestDet, DecodesByHand) {
    const std::vector<ScoredBox> boxes = decode_fastestdet(output(), options_);
    ASSERT_EQ(boxes.size(), 2U);
    EXPECT_EQ(boxes[0].class_id, 5);
    EXPECT_NEAR(boxes[0].score, std::pow(0.5, 0.6) * std::pow(0.75, 0.4), 1e-6);
    expect_box(boxes[0].box, {-5, -2.5F, 5, 2.5F}); // centre (0, 0); sigmoid(0) = a half of each side
    EXPECT_EQ(boxes[1].class_id, 4);
    EXPECT_NEAR(boxes[1].score, std::pow(0.9, 0.4), 1e-6);
    const auto x = static_cast<float>((1 + std::tanh(0.5)) * 10), y = static_cast<float>(std::tanh(-0.5) * 10);
    expect_box(boxes[1].box, {x - 5, y - 2.5F, x + 5, y + 2.5F});
}

TEST_F(FastestDet, TakesTheLikeliestClassOfACellAlone) {
    options_.class_of_source = {4, -1};
    const std::vector<ScoredBox> boxes = decode_fastestdet(output(), options_);
    ASSERT_EQ(boxes.size(), 1U);
    EXPECT_EQ(boxes[0].class_id, 4);
}

TEST_F(FastestDet, RefusesOutputsThatDoNotFit) {
    OutputMap narrow = output();
    narrow.channels = 5;
    expect_error<ShapeError>([&] { decode_fastestdet(narrow, options_); }, {"out", "FastestDet"});
    numbers_[9] = std::numeric_limits<float>::quiet_NaN();
    expect_error<NumericError>([&] { decode_fastestdet(output(), options_); }, {"out", "not finite"});
}

} // namespace
} // namespace banyan
