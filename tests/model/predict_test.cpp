#include "model/predict.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "heads/decode.h"
#include "model/libtorch.h"
#include "model/tiny_model.h"

namespace banyan {
namespace {

/// The faces' branch has prior boxes, the hands' one points with bins.
ModelOptions talkative_options() {
    ModelOptions options = test::tiny_model_options();
    options.branches[1].anchors.kind = AnchorKind::points;
    options.branches[1].head.box_bins = 8;
    return options;
}

class Predict : public testing::Test {
protected:
    Predict() : model_(talkative_options(), test::seeded(2)) { test::make_talkative(model_); }

    /// Boxes of one image by way of the graph's named outputs, read element by element.
    std::vector<ScoredBox> decode_outputs(const std::map<std::string, at::Tensor>& outputs, const Branch& branch,
                                          std::int64_t image, int side) const {
        const AnchorSet anchors = make_anchors(branch.options.anchors, side, side);
        std::vector<std::vector<float>> maps;
        for (const AnchorLevel& level : anchors.levels) {
            for (const std::string& name :
                 {class_output_name(branch.name, level.level), box_output_name(branch.name, level.level)}) {
                std::vector<float> map; // [H, W, C]
                const at::Tensor value = outputs.at(name)[image];
                for (std::int64_t y = 0; y < value.size(1); ++y) {
                    for (std::int64_t x = 0; x < value.size(2); ++x) {
                        for (std::int64_t c = 0; c < value.size(0); ++c) map.push_back(value[c][y][x].item<float>());
                    }
                }
                maps.push_back(std::move(map));
            }
        }
        std::vector<RawLevel> levels;
        for (std::size_t l = 0; l < maps.size(); l += 2) levels.push_back({maps[l].data(), maps[l + 1].data()});
        DecodeOptions options;
        options.score_threshold = 0.3F;
        options.nms.iou_threshold = 0.5F;
        options.nms.max_detections = 20;
        options.box_voting = static_cast<float>(options_.box_voting);
        options.box_bins = static_cast<std::size_t>(branch.options.head.box_bins);
        std::vector<ScoredBox> boxes = decode(anchors, levels, branch.class_count(), options);
        for (ScoredBox& box : boxes) box.class_id = branch.classes[static_cast<std::size_t>(box.class_id)];
        return boxes;
    }

    MultiTaskModel model_;
    PredictOptions options_{0.3, 0.5, 20, false};
};

bool same(const ScoredBox& a, const ScoredBox& b) {
    return a.box == b.box && a.score == b.score && a.class_id == b.class_id;
}

TEST_F(Predict, EqualsDecodingTheOutputsOfEachBranch) {
    for (const int side : {64, 96}) { // any size that the strides divide
        options_.box_voting = side == 64 ? 0 : 0.7;
        const at::Tensor pixels = test::random_pixels(2, side);
        const Predictions predictions = predict(model_, pixels, options_);
        ASSERT_EQ(predictions.size(), 2U);
        const torch::NoGradGuard no_grad;
        const auto outputs = model_.module().run_outputs(model_.normalise(pixels));
        for (std::size_t image = 0; image < 2; ++image) {
            std::vector<ScoredBox> expected;
            for (const Branch& branch : model_.branches()) {
                const auto boxes = decode_outputs(outputs, branch, static_cast<std::int64_t>(image), side);
                EXPECT_FALSE(boxes.empty());
                expected.insert(expected.end(), boxes.begin(), boxes.end());
            }
            const std::vector<ScoredBox>& got = predictions[image];
            ASSERT_EQ(got.size(), expected.size());
            EXPECT_TRUE(
                std::is_sorted(got.begin(), got.end(), [](const auto& a, const auto& b) { return a.score > b.score; }));
            EXPECT_TRUE(std::is_permutation(got.begin(), got.end(), expected.begin(), same));
        }
    }
}

TEST_F(Predict, KeepsAtMostSoManyOfEachBranch) {
    options_.max_detections = 3;
    const Predictions predictions = predict(model_, test::random_pixels(1), options_);
    const auto hands = std::count_if(predictions[0].begin(), predictions[0].end(),
                                     [](const ScoredBox& box) { return box.class_id == 2; });
    EXPECT_EQ(predictions[0].size(), 6U);
    EXPECT_EQ(hands, 3);
}

TEST_F(Predict, OnlyReportsScoresAboveTheThreshold) {
    const at::Tensor pixels = test::random_pixels(1);
    const std::vector<ScoredBox> all = predict(model_, pixels, options_)[0];
    ASSERT_GT(all.size(), 4U);
    options_.score_threshold = static_cast<double>(all[all.size() / 2].score);
    const std::vector<ScoredBox> some = predict(model_, pixels, options_)[0];
    EXPECT_FALSE(some.empty());
    EXPECT_LT(some.size(), all.size());
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin(), same));
}

TEST_F(Predict, RowsOfABatchDoNotTouchEachOtherAndNothingIsLearned) {
    const HostTensors before = model_.module().to_host();
    const at::Tensor pixels = test::random_pixels(3);
    const Predictions together = predict(model_, pixels, options_);
    const Predictions alone = predict(model_, pixels.slice(0, 1, 2), options_);
    ASSERT_EQ(alone[0].size(), together[1].size());
    for (std::size_t i = 0; i < alone[0].size(); ++i) EXPECT_NEAR(alone[0][i].score, together[1][i].score, 1e-4);
    EXPECT_EQ(model_.module().to_host(), before); // statistics too
    EXPECT_TRUE(predict(model_, pixels.slice(0, 0, 0), options_).empty());
}

TEST_F(Predict, Bf16FindsNearlyTheSame) {
    const at::Tensor pixels = test::random_pixels(1);
    const std::vector<ScoredBox> exact = predict(model_, pixels, options_)[0];
    options_.bf16 = true;
    const std::vector<ScoredBox> rough = predict(model_, pixels, options_)[0];
    ASSERT_FALSE(exact.empty());
    ASSERT_FALSE(rough.empty());
    EXPECT_NEAR(exact[0].score, rough[0].score, 0.05);
}

TEST(PredictOptions, AreThoseOfTheModel) {
    const PredictOptions options = predict_options({0.25, 0.5, 7, 0.65});
    EXPECT_EQ(options.score_threshold, 0.25);
    EXPECT_EQ(options.nms_iou, 0.5);
    EXPECT_EQ(options.max_detections, 7);
    EXPECT_EQ(options.box_voting, 0.65);
    EXPECT_FALSE(options.bf16);
}

} // namespace
} // namespace banyan
