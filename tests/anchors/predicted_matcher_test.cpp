#include "anchors/predicted_matcher.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "anchors/matcher_support.h"
#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

MatcherOptions tal_options(const TalOptions& tal = {}) {
    MatcherOptions options;
    options.kind = MatcherKind::tal;
    options.tal = tal;
    return options;
}

MatcherOptions simota_options(const SimOtaOptions& simota = {}) {
    MatcherOptions options;
    options.kind = MatcherKind::simota;
    options.simota = simota;
    return options;
}

Box moved(const Box& box, Random& random) {
    const auto by = [&](float side) { return side * static_cast<float>(random.uniform(-0.4, 0.4)); };
    const float w = box.width(), h = box.height();
    return {box.x0 + by(w), box.y0 + by(h), box.x1 + by(w), box.y1 + by(h)};
}

/// Predictions for the candidates: of each anchor one box, near its prior, and one score a truth box.
void predict(std::vector<MatchCandidate>& candidates, const AnchorSet& anchors, const std::vector<Box>& truth,
             Random& random) {
    std::vector<Box> boxes;
    for (const Box& prior : anchors.boxes) boxes.push_back(moved(prior, random));
    const bool coarse = random.chance(0.3); // so that ranks tie
    for (MatchCandidate& candidate : candidates) {
        candidate.score = coarse ? 0.5F : static_cast<float>(random.uniform());
        const float overlap = iou(boxes[candidate.anchor], truth[static_cast<std::size_t>(candidate.truth)]);
        candidate.iou = coarse ? std::round(overlap * 4) / 4 : overlap;
    }
}

TEST(FindMatchCandidates, AreTheAnchorsWithTheirCentreInsideAndTheNearestOfOtherLevels) {
    Random random(3);
    for (int round = 0; round < 200; ++round) {
        const AnchorSet anchors = random_anchors(random);
        const std::vector<Box> truth = random_truth(random, 6, anchors.width, anchors.height);
        std::vector<std::vector<int>> found(truth.size(), std::vector<int>(anchors.size(), 0));
        for (const MatchCandidate& candidate : find_match_candidates(anchors, truth)) {
            int& entry = found[static_cast<std::size_t>(candidate.truth)][candidate.anchor];
            ASSERT_EQ(entry, 0) << "twice";
            entry = candidate.inside ? 2 : 1;
        }
        for (std::size_t t = 0; t < truth.size(); ++t) {
            for (const AnchorLevel& level : anchors.levels) {
                const auto cells = static_cast<std::size_t>(level.height) * static_cast<std::size_t>(level.width);
                std::size_t inside = 0, reserve = 0;
                double least = 1e30, reserve_distance = -1;
                for (std::size_t i = 0; i < cells * anchors.per_cell; ++i) {
                    const auto row = static_cast<double>(i / anchors.per_cell / static_cast<std::size_t>(level.width));
                    const auto column =
                        static_cast<double>(i / anchors.per_cell % static_cast<std::size_t>(level.width));
                    const double x = (column + 0.5) * level.stride, y = (row + 0.5) * level.stride;
                    const Box& box = truth[t];
                    const bool is_inside = static_cast<double>(box.x0) <= x && x < static_cast<double>(box.x1) &&
                                           static_cast<double>(box.y0) <= y && y < static_cast<double>(box.y1);
                    const int state = found[t][level.first + i];
                    ASSERT_EQ(state == 2, is_inside) << "round " << round;
                    const double dx = x - static_cast<double>(box.x0 + box.x1) / 2;
                    const double dy = y - static_cast<double>(box.y0 + box.y1) / 2;
                    least = std::min(least, dx * dx + dy * dy);
                    if (state == 1) reserve_distance = dx * dx + dy * dy;
                    inside += state == 2 ? 1 : 0;
                    reserve += state == 1 ? 1 : 0;
                }
                ASSERT_EQ(reserve, inside == 0 ? anchors.per_cell : 0) << "round " << round;
                if (reserve == 0) continue;
                ASSERT_NEAR(reserve_distance, least, 1e-3) << "round " << round;
            }
        }
    }
}

TEST(FindMatchCandidates, LeaveOutBoxesWithoutAnArea) {
    const AnchorSet anchors = make_anchors({}, 64, 64);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const auto found = find_match_candidates(anchors, {{10, 10, 10, 20}, {nan, 0, 8, 8}, {8, 8, 24, 24}});
    ASSERT_FALSE(found.empty());
    for (const MatchCandidate& candidate : found) EXPECT_EQ(candidate.truth, 2);
    EXPECT_TRUE(find_match_candidates(anchors, {}).empty());
}

/// Section 3.2 of arXiv:2108.07755 over whole matrices, without the rescue of boxes that get nothing.
Matches slow_tal(const AnchorSet& anchors, std::size_t truth, const std::vector<MatchCandidate>& candidates,
                 const TalOptions& options) {
    std::vector<std::vector<double>> iou(truth, std::vector<double>(anchors.size(), 0));
    std::vector<std::vector<bool>> chosen(truth, std::vector<bool>(anchors.size(), false));
    for (std::size_t t = 0; t < truth; ++t) {
        std::vector<std::tuple<double, double, std::size_t>> order; // -alignment, distance, anchor
        for (const MatchCandidate& candidate : candidates) {
            if (candidate.truth != static_cast<int>(t) || !candidate.inside || !(candidate.iou > 0)) continue;
            iou[t][candidate.anchor] = static_cast<double>(candidate.iou);
            const double alignment = std::pow(static_cast<double>(candidate.score), options.alpha) *
                                     std::pow(static_cast<double>(candidate.iou), options.beta);
            order.emplace_back(-alignment, candidate.distance2, candidate.anchor);
        }
        std::sort(order.begin(), order.end());
        for (std::size_t i = 0; i < order.size() && i < static_cast<std::size_t>(options.top_k); ++i) {
            chosen[t][std::get<2>(order[i])] = true;
        }
    }
    Matches matches(anchors.size(), kUnmatched);
    for (std::size_t r = 0; r < anchors.size(); ++r) {
        double best = 0;
        for (std::size_t t = 0; t < truth; ++t) {
            if (!chosen[t][r] || iou[t][r] <= best) continue;
            best = iou[t][r];
            matches[r] = static_cast<std::int32_t>(t);
        }
    }
    return matches;
}

TEST(MatchTal, EqualsTheAlgorithmOfThePaperAndRescuesTheRest) {
    Random random(17);
    std::size_t rescued = 0;
    for (int round = 0; round < 300; ++round) {
        const AnchorSet anchors = random_anchors(random);
        const std::vector<Box> truth = random_truth(random, 12, anchors.width, anchors.height);
        std::vector<MatchCandidate> candidates = find_match_candidates(anchors, truth);
        predict(candidates, anchors, truth, random);
        const TalOptions options{static_cast<int>(random.integer(1, 20)), random.uniform(0, 2), random.uniform(0, 7)};
        const PredictedMatches fast = match_predicted(anchors.size(), truth.size(), candidates, tal_options(options));
        const Matches slow = slow_tal(anchors, truth.size(), candidates, options);
        expect_partition(fast.matches, anchors, truth.size());
        for (std::size_t r = 0; r < slow.size(); ++r) {
            if (fast.matches[r] == slow[r]) continue;
            ASSERT_GE(fast.matches[r], 0) << "round " << round << ", anchor " << r << ": expected " << slow[r];
            const auto owner = static_cast<std::size_t>(fast.matches[r]);
            ASSERT_EQ(anchors_of(slow, owner), 0u) << "round " << round << ", anchor " << r;
            ASSERT_EQ(anchors_of(fast.matches, owner), 1u) << "round " << round << ", anchor " << r;
            ++rescued;
        }
    }
    EXPECT_GT(rescued, 20u); // the rounds do reach the rescue
}

/// Both matchers on the same random pictures.
class MatchPredicted : public testing::TestWithParam<MatcherKind> {
protected:
    MatcherOptions options() const { return GetParam() == MatcherKind::tal ? tal_options() : simota_options(); }
};

TEST_P(MatchPredicted, GivesEachTruthBoxAnAnchorFromTheFirstStepOn) {
    Random random(8);
    for (int round = 0; round < 200; ++round) {
        const AnchorSet anchors = make_anchors({}, 320, 256);
        const std::vector<Box> truth = random_truth(random, 30, 256, 320);
        std::vector<MatchCandidate> candidates = find_match_candidates(anchors, truth);
        if (round % 2 == 0) predict(candidates, anchors, truth, random); // else nothing overlaps yet
        const PredictedMatches found = match_predicted(anchors.size(), truth.size(), candidates, options());
        for (std::size_t t = 0; t < truth.size(); ++t) ASSERT_GE(anchors_of(found.matches, t), 1u) << "round " << round;
    }
}

TEST_P(MatchPredicted, QualityLiesInRangeAndIsZeroWithoutABox) {
    Random random(9);
    for (int round = 0; round < 100; ++round) {
        const AnchorSet anchors = random_anchors(random);
        const std::vector<Box> truth = random_truth(random, 12, anchors.width, anchors.height);
        std::vector<MatchCandidate> candidates = find_match_candidates(anchors, truth);
        predict(candidates, anchors, truth, random);
        const PredictedMatches found = match_predicted(anchors.size(), truth.size(), candidates, options());
        std::vector<float> best(truth.size(), 0), best_iou(truth.size(), 0);
        for (std::size_t r = 0; r < anchors.size(); ++r) {
            ASSERT_TRUE(found.quality[r] >= 0 && found.quality[r] <= 1) << found.quality[r];
            if (found.matches[r] < 0) {
                ASSERT_EQ(found.quality[r], 0);
            } else {
                float& most = best[static_cast<std::size_t>(found.matches[r])];
                most = std::max(most, found.quality[r]);
            }
        }
        for (const MatchCandidate& candidate : candidates) {
            if (found.matches[candidate.anchor] != candidate.truth) continue;
            float& most = best_iou[static_cast<std::size_t>(candidate.truth)];
            most = std::max(most, candidate.iou);
        }
        for (std::size_t t = 0; t < truth.size(); ++t) ASSERT_NEAR(best[t], best_iou[t], 1e-6) << "round " << round;
    }
}

TEST_P(MatchPredicted, GivesTheSameAnswerTwice) {
    Random random(10);
    const AnchorSet anchors = random_anchors(random);
    const std::vector<Box> truth = random_truth(random, 12, anchors.width, anchors.height);
    std::vector<MatchCandidate> candidates = find_match_candidates(anchors, truth);
    predict(candidates, anchors, truth, random);
    const PredictedMatches once = match_predicted(anchors.size(), truth.size(), candidates, options());
    const PredictedMatches again = match_predicted(anchors.size(), truth.size(), candidates, options());
    EXPECT_EQ(once.matches, again.matches);
    EXPECT_EQ(once.quality, again.quality);
}

TEST_P(MatchPredicted, TakesNaNForNothingAndNeedsNoTruth) {
    const AnchorSet anchors = make_anchors({}, 64, 64);
    std::vector<MatchCandidate> candidates = find_match_candidates(anchors, {{8, 8, 40, 40}});
    for (MatchCandidate& candidate : candidates) {
        candidate.score = candidate.iou = std::numeric_limits<float>::quiet_NaN();
    }
    const PredictedMatches found = match_predicted(anchors.size(), 1, candidates, options());
    EXPECT_EQ(anchors_of(found.matches, 0), 1u); // the nearest
    for (const float quality : found.quality) EXPECT_EQ(quality, 0);
    EXPECT_EQ(match_predicted(anchors.size(), 0, {}, options()).matches, Matches(anchors.size(), kUnmatched));
}

INSTANTIATE_TEST_SUITE_P(Kinds, MatchPredicted, testing::Values(MatcherKind::tal, MatcherKind::simota),
                         [](const auto& kind) { return kind.param == MatcherKind::tal ? "tal" : "simota"; });

MatchCandidate candidate(std::int32_t truth, std::size_t anchor, float score, float iou) {
    return {truth, anchor, 0, true, score, iou};
}

TEST(MatchTal, TakesTheBestAlignedAndScalesTheirQuality) {
    // Alignments score * IoU^2: 0.5 * 0.64 = 0.32, 0.9 * 0.25 = 0.225, 0.1 * 0.81 = 0.081; the best IoU of the two
    // chosen is 0.8.
    const std::vector<MatchCandidate> candidates{candidate(0, 0, 0.9F, 0.5F), candidate(0, 1, 0.5F, 0.8F),
                                                 candidate(0, 2, 0.1F, 0.9F)};
    const PredictedMatches found = match_predicted(3, 1, candidates, tal_options({2, 1, 2}));
    EXPECT_EQ(found.matches, (Matches{0, 0, kUnmatched}));
    EXPECT_NEAR(found.quality[1], 0.8, 1e-6);
    EXPECT_NEAR(found.quality[0], 0.225 / 0.32 * 0.8, 1e-6);
}

TEST(MatchTal, GivesAnAnchorOfTwoBoxesToTheHigherIou) {
    const std::vector<MatchCandidate> candidates{candidate(0, 0, 0.9F, 0.5F), candidate(0, 1, 0.9F, 0.4F),
                                                 candidate(1, 0, 0.1F, 0.6F)};
    EXPECT_EQ(match_predicted(2, 2, candidates, tal_options()).matches, (Matches{1, 0}));
}

TEST(MatchSimOta, TakesAsManyAsTheIousSumTo) {
    // 0.9 + 0.8 + 0.7 = 2.4, so two; the costs -log s - 3 log IoU are 0.42, 0.77 and 3.37.
    const std::vector<MatchCandidate> candidates{candidate(0, 0, 0.9F, 0.9F), candidate(0, 1, 0.1F, 0.7F),
                                                 candidate(0, 2, 0.9F, 0.8F)};
    const PredictedMatches found = match_predicted(3, 1, candidates, simota_options());
    EXPECT_EQ(found.matches, (Matches{0, kUnmatched, 0}));
    EXPECT_EQ(found.quality, (std::vector<float>{0.9F, 0, 0.8F}));
    // The two highest alone sum to 1.7.
    EXPECT_EQ(match_predicted(3, 1, candidates, simota_options({2, 3})).matches, (Matches{0, kUnmatched, kUnmatched}));
}

TEST(MatchSimOta, GivesAnAnchorOfTwoBoxesToTheLowerCost) {
    const std::vector<MatchCandidate> candidates{candidate(0, 0, 0.9F, 0.5F), candidate(0, 1, 0.9F, 0.4F),
                                                 candidate(1, 0, 0.01F, 0.6F), candidate(1, 1, 0.9F, 0.3F)};
    const Matches found = match_predicted(2, 2, candidates, simota_options()).matches;
    EXPECT_EQ(found[0], 0); // -log 0.9 - 3 log 0.5 = 2.18 beats -log 0.01 - 3 log 0.6 = 6.14
    EXPECT_EQ(found[1], 1);
}

TEST(PredictedMatcherArguments, AreRefusedWhereTheyAreWrong) {
    const std::vector<MatchCandidate> one{candidate(0, 0, 1, 1)};
    expect_error<CheckError>([&] { match_predicted(1, 1, one, {}); }, {"tal or simota"});
    expect_error<CheckError>([&] { match_predicted(1, 1, one, tal_options({0, 1, 6})); }, {"top_k", "0"});
    expect_error<CheckError>([&] { match_predicted(1, 1, one, tal_options({1, -1, 6})); }, {"alpha", "-1"});
    expect_error<CheckError>([&] { match_predicted(1, 1, one, simota_options({0, 3})); }, {"top_k", "0"});
    expect_error<CheckError>([&] { match_predicted(1, 1, one, simota_options({10, -2})); }, {"iou_weight", "-2"});
    expect_error<CheckError>([&] { match_predicted(0, 1, one, tal_options()); }, {"anchor 0"});
    expect_error<CheckError>([&] { match(make_anchors({}, 32, 32), {}, tal_options()); }, {"needs predictions"});
}

} // namespace
} // namespace banyan
