#include "heads/decode.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "anchors/box_coder.h"
#include "core/error.h"
#include "core/random.h"
#include "heads/box_bins.h"
#include "heads/box_voting.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Outputs of a head for one image, all logits at `background`, all codes 0.
struct Outputs {
    AnchorSet anchors;
    std::size_t classes = 1;
    std::vector<std::vector<float>> logits, codes; ///< by level

    Outputs(AnchorSet set, std::size_t class_count, float background = -10)
        : anchors(std::move(set)), classes(class_count) {
        for (std::size_t l = 0; l < anchors.levels.size(); ++l) {
            const std::size_t last = l + 1 < anchors.levels.size() ? anchors.levels[l + 1].first : anchors.size();
            const std::size_t count = last - anchors.levels[l].first;
            logits.emplace_back(count * classes, background);
            codes.emplace_back(count * 4, 0.0F);
        }
    }
    std::vector<RawLevel> raw() const {
        std::vector<RawLevel> levels;
        for (std::size_t l = 0; l < logits.size(); ++l) levels.push_back({logits[l].data(), codes[l].data()});
        return levels;
    }
    std::vector<ScoredBox> decoded(const DecodeOptions& options = {}) const {
        return decode(anchors, raw(), classes, options);
    }
};

AnchorSet anchor_set(AnchorKind kind = AnchorKind::boxes, int height = 96, int width = 128) {
    AnchorOptions options;
    options.kind = kind;
    options.levels = {3, 4, 5};
    if (kind == AnchorKind::boxes) options.aspect_hw = {1, 2};
    return make_anchors(options, height, width);
}

void randomise(Outputs& outputs, std::uint64_t seed) {
    Random random(seed);
    for (auto& level : outputs.logits) {
        for (float& value : level) value = static_cast<float>(-4 + 2 * random.normal());
    }
    for (auto& level : outputs.codes) {
        for (float& value : level) value = static_cast<float>(1 + random.normal());
    }
}

/// Every score by the sigmoid, every box decoded, a full sort a level, then NMS.
std::vector<ScoredBox> slow_decode(const Outputs& outputs, const DecodeOptions& options) {
    std::vector<ScoredBox> all;
    for (std::size_t l = 0; l < outputs.logits.size(); ++l) {
        std::vector<std::pair<double, std::size_t>> order;
        for (std::size_t i = 0; i < outputs.logits[l].size(); ++i) {
            const double score = 1 / (1 + std::exp(-static_cast<double>(outputs.logits[l][i])));
            if (score > static_cast<double>(options.score_threshold)) order.emplace_back(-score, i);
        }
        std::sort(order.begin(), order.end());
        order.resize(std::min(order.size(), options.candidates));
        for (const auto& [negative_score, i] : order) {
            const std::size_t anchor = i / outputs.classes;
            BoxCode code;
            std::copy_n(&outputs.codes[l][anchor * 4], 4, code.begin());
            const AnchorSet& set = outputs.anchors;
            const Box& prior = set.boxes[set.levels[l].first + anchor];
            const Box box = clip(decode_box(set.kind, prior, set.levels[l].stride, code), static_cast<float>(set.width),
                                 static_cast<float>(set.height));
            if (box.area() <= 0) continue;
            all.push_back({box, static_cast<float>(-negative_score), static_cast<int>(i % outputs.classes)});
        }
    }
    std::vector<ScoredBox> result;
    for (const std::size_t index : nms(all, options.nms)) result.push_back(all[index]);
    return result;
}

TEST(Decode, EqualsTheSlowTwin) {
    std::uint64_t seed = 0;
    for (const AnchorKind kind : {AnchorKind::boxes, AnchorKind::points}) {
        for (const std::size_t classes : {1, 3, 7}) {
            for (const std::size_t candidates : {5, 50, 100000}) {
                Outputs outputs(anchor_set(kind), classes);
                randomise(outputs, ++seed);
                DecodeOptions options;
                options.candidates = candidates;
                options.nms.max_detections = 300;
                const auto fast = outputs.decoded(options);
                const auto slow = slow_decode(outputs, options);
                ASSERT_EQ(fast.size(), slow.size());
                ASSERT_GE(fast.size(), 3u);
                for (std::size_t i = 0; i < fast.size(); ++i) {
                    ASSERT_EQ(fast[i].box, slow[i].box) << "seed " << seed << ", detection " << i;
                    ASSERT_NEAR(fast[i].score, slow[i].score, 1e-6);
                    ASSERT_EQ(fast[i].class_id, slow[i].class_id);
                }
            }
        }
    }
}

TEST(Decode, FindsTheBoxThatWasEncoded) {
    for (const AnchorKind kind : {AnchorKind::boxes, AnchorKind::points}) {
        Outputs outputs(anchor_set(kind), 4);
        const AnchorLevel& level = outputs.anchors.levels[1];
        const std::size_t anchor = 3 * outputs.anchors.per_cell; // centre (56, 8)
        const Box box{40, 2, 70, 33};
        const BoxCode code = encode_box(kind, outputs.anchors.boxes[level.first + anchor], level.stride, box);
        std::copy(code.begin(), code.end(), &outputs.codes[1][anchor * 4]);
        outputs.logits[1][anchor * 4 + 2] = 3;
        const auto found = outputs.decoded();
        ASSERT_EQ(found.size(), 1u);
        EXPECT_NEAR(found[0].box.x0, box.x0, 1e-4);
        EXPECT_NEAR(found[0].box.y1, box.y1, 1e-4);
        EXPECT_EQ(found[0].class_id, 2);
        EXPECT_NEAR(found[0].score, 1 / (1 + std::exp(-3.0)), 1e-6);
    }
}

TEST(Decode, TakesTheExpectationOfBoxBins) {
    constexpr std::size_t kBins = 8;
    Outputs outputs(anchor_set(AnchorKind::points), 1);
    DecodeOptions options;
    options.box_bins = kBins;
    options.score_threshold = 0.01F;
    options.nms.iou_threshold = 1;
    Outputs plain = outputs;
    Random random(3);
    std::vector<std::vector<float>> bins;
    for (std::size_t l = 0; l < outputs.logits.size(); ++l) {
        bins.emplace_back(outputs.codes[l].size() * kBins);
        for (float& value : bins[l]) value = static_cast<float>(2 * random.normal());
        for (std::size_t i = 0; i < plain.codes[l].size(); ++i) {
            plain.codes[l][i] = expected_distance(&bins[l][i * kBins], kBins);
        }
        for (float& value : plain.logits[l]) value = static_cast<float>(-4 + 2 * random.normal());
    }
    std::vector<RawLevel> raw;
    for (std::size_t l = 0; l < bins.size(); ++l) raw.push_back({plain.logits[l].data(), bins[l].data()});
    const std::vector<ScoredBox> found = decode(outputs.anchors, raw, 1, options);
    options.box_bins = 0;
    const std::vector<ScoredBox> expected = plain.decoded(options);
    ASSERT_GT(expected.size(), 10u);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].box, expected[i].box) << i;

    for (std::vector<float>& level : bins) std::fill(level.begin() + 5, level.end(), kNan);
    options.box_bins = kBins;
    EXPECT_TRUE(decode(outputs.anchors, raw, 1, options).empty());
    expect_error<CheckError>([&] { decode(anchor_set(), raw, 1, options); }, {"box bins", "points"});
}

TEST(Decode, LetsDroppedBoxesVote) {
    Outputs outputs(anchor_set(), 3);
    randomise(outputs, 5);
    DecodeOptions options;
    const std::vector<ScoredBox> plain = outputs.decoded(options);
    options.box_voting = 0.6F;
    const std::vector<ScoredBox> voted = outputs.decoded(options);
    // All that enters suppression: kept when nothing is dropped.
    options = {};
    options.nms = {1.0F, 1000000};
    std::vector<ScoredBox> expected = plain;
    vote_boxes(expected, outputs.decoded(options), 0.6F);
    ASSERT_EQ(voted.size(), plain.size());
    std::size_t moved = 0;
    for (std::size_t i = 0; i < plain.size(); ++i) {
        EXPECT_EQ(voted[i].score, plain[i].score);
        EXPECT_NEAR(voted[i].box.x0, expected[i].box.x0, 1e-3);
        EXPECT_NEAR(voted[i].box.y1, expected[i].box.y1, 1e-3);
        moved += voted[i].box == plain[i].box ? 0 : 1;
    }
    EXPECT_GT(moved, 5u);
}

TEST(Decode, NeverTakesNonFiniteLogits) {
    for (const float bad : {kNan, kInfinity, -kInfinity}) {
        Outputs outputs(anchor_set(), 3, bad);
        EXPECT_TRUE(outputs.decoded().empty()) << bad;
        DecodeOptions all;
        all.score_threshold = 0;
        EXPECT_TRUE(outputs.decoded(all).empty()) << bad;
    }
    // One NaN does not hide its neighbours.
    Outputs outputs(anchor_set(), 3);
    outputs.logits[0][16] = kNan;
    outputs.logits[0][17] = 2;
    EXPECT_EQ(outputs.decoded().size(), 1u);
}

TEST(Decode, NeverTakesNonFiniteCodes) {
    for (const AnchorKind kind : {AnchorKind::boxes, AnchorKind::points}) {
        for (std::size_t i = 0; i < 4; ++i) {
            Outputs outputs(anchor_set(kind), 1);
            outputs.logits[2][0] = 2;
            std::fill_n(outputs.codes[2].begin(), 4, 0.5F);
            ASSERT_EQ(outputs.decoded().size(), 1u);
            for (const float bad : {kNan, kInfinity, -kInfinity}) {
                outputs.codes[2][i] = bad;
                EXPECT_TRUE(outputs.decoded().empty()) << "code " << i << ": " << bad;
            }
        }
    }
}

TEST(Decode, ClipsToTheInputAndDropsWhatIsLeftEmpty) {
    Outputs outputs(anchor_set(AnchorKind::points), 1);
    outputs.logits[0][0] = 2; // centre (4, 4)
    std::fill_n(outputs.codes[0].begin(), 4, 1000.0F);
    const auto found = outputs.decoded();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].box, (Box{0, 0, 128, 96}));
    std::fill_n(outputs.codes[0].begin(), 4, 3e38F); // finite, but not in pixels
    EXPECT_EQ(outputs.decoded().at(0).box, (Box{0, 0, 128, 96}));
    std::fill_n(outputs.codes[0].begin(), 4, -1.0F); // a point
    EXPECT_TRUE(outputs.decoded().empty());
}

TEST(Decode, TakesOnlyScoresAboveTheThreshold) {
    Outputs outputs(anchor_set(), 1);
    DecodeOptions options;
    options.score_threshold = 0.5F;
    outputs.logits[1][0] = 0; // score 0.5
    EXPECT_TRUE(outputs.decoded(options).empty());
    outputs.logits[1][0] = 1e-6F;
    EXPECT_EQ(outputs.decoded(options).size(), 1u);
    options.score_threshold = 0;
    options.nms.max_detections = 100000;
    options.nms.iou_threshold = 1;
    EXPECT_GT(outputs.decoded(options).size(), outputs.anchors.size() / 2) << "all but boxes outside of the input";
}

TEST(Decode, KeepsTheBestCandidatesOfEachLevelAndTheLowerIndexOfEqualOnes) {
    Outputs outputs(anchor_set(AnchorKind::points), 1);
    for (auto& level : outputs.logits) std::fill(level.begin(), level.end(), 1.0F);
    for (auto& level : outputs.codes) std::fill(level.begin(), level.end(), 0.4F); // boxes do not overlap
    DecodeOptions options;
    options.candidates = 2;
    const auto found = outputs.decoded(options);
    ASSERT_EQ(found.size(), 6u);
    for (std::size_t i = 0; i < found.size(); ++i) {
        const float stride = static_cast<float>(outputs.anchors.levels[i / 2].stride);
        EXPECT_NEAR(found[i].box.x0, (static_cast<float>(i % 2) + 0.1F) * stride, 1e-4) << "detection " << i;
    }
}

TEST(Decode, SuppressesWithinAClassOnly) {
    Outputs outputs(anchor_set(), 2);
    outputs.logits[1][0] = 2; // first anchor of the cell, both classes
    outputs.logits[1][1] = 1;
    outputs.logits[1][4] = 1.5F; // its right neighbour overlaps: class 0
    DecodeOptions options;
    options.nms.iou_threshold = 0.5F;
    const auto found = outputs.decoded(options);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].class_id, 0);
    EXPECT_EQ(found[1].class_id, 1);
}

TEST(Decode, RefusesWrongArguments) {
    const Outputs outputs(anchor_set(), 2);
    auto levels = outputs.raw();
    const auto refused = [&](const DecodeOptions& options, std::size_t classes, const std::vector<std::string>& words) {
        expect_error<CheckError>([&] { decode(outputs.anchors, levels, classes, options); }, words);
    };
    refused({1.0F, 10, {}}, 2, {"score_threshold", "[0, 1)"});
    refused({-0.1F, 10, {}}, 2, {"score_threshold"});
    refused({kNan, 10, {}}, 2, {"score_threshold"});
    refused({0.1F, 0, {}}, 2, {"candidate"});
    refused({}, 0, {"class"});
    levels[1].boxes = nullptr;
    refused({}, 2, {"no class or box output"});
    levels.pop_back();
    refused({}, 2, {"3 levels", "found 2"});
}

} // namespace
} // namespace banyan
