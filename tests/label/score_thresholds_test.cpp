#include "label/score_thresholds.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "eval/evaluate.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

const ClassTable& table() {
    static const ClassTable classes({{"face", {"face"}}, {"hand", {"hand"}}});
    return classes;
}

Box random_box(Random& random) {
    const auto x = static_cast<float>(random.uniform(0, 70)), y = static_cast<float>(random.uniform(0, 70));
    return {x, y, x + static_cast<float>(random.uniform(5, 30)), y + static_cast<float>(random.uniform(5, 30))};
}

Box moved(const Box& box, Random& random) {
    const auto dx = static_cast<float>(random.uniform(-4, 4)), dy = static_cast<float>(random.uniform(-4, 4));
    return {box.x0 + dx, box.y0 + dy, box.x1 + dx, box.y1 + dy};
}

/// A score of few values, so that there are ties.
float random_score(Random& random) { return static_cast<float>(random.integer(1, 12)) / 12; }

struct Scene {
    std::vector<Record> records;
    std::vector<std::vector<ScoredBox>> found; ///< [record]
};

void add_picture(Scene& scene, Random& random) {
    Record record;
    record.name = std::to_string(scene.records.size()) + ".jpg";
    record.width = record.height = 100;
    record.labels.states = {kLabelStates[static_cast<std::size_t>(random.integer(0, 3))], LabelState::unknown};
    std::vector<ScoredBox> found;
    const bool has_boxes = may_have_boxes(record.labels.states[0]);
    for (int i = 0; has_boxes && i < 3; ++i) {
        record.labels.boxes.push_back({random_box(random), 0});
        for (int copy = 0; copy < 2; ++copy) {
            found.push_back({moved(record.labels.boxes.back().box, random), random_score(random), 0});
        }
    }
    for (int i = 0; i < 3; ++i) found.push_back({random_box(random), random_score(random), static_cast<int>(i == 2)});
    if (random.integer(0, 1) == 1)
        record.labels.ignore.push_back({random_box(random), static_cast<int>(random.integer(-1, 1))});
    std::stable_sort(found.begin(), found.end(),
                     [](const ScoredBox& a, const ScoredBox& b) { return a.score > b.score; });
    scene.records.push_back(std::move(record));
    scene.found.push_back(std::move(found));
}

Scene random_scene(std::uint64_t seed) {
    Random random(seed);
    Scene scene;
    for (int i = 0; i < 6; ++i) add_picture(scene, random);
    return scene;
}

JudgedClass judged_faces(const Scene& scene, double iou = 0.5) {
    const std::vector<Dataset> datasets{Dataset("a", scene.records, {LabelState::exhaustive, LabelState::unknown})};
    CocoProblem problem = ground_truth_of(datasets, table());
    for (std::size_t r = 0; r < scene.found.size(); ++r) add_found(scene.found[r], 0, r, problem);
    return judge_classes(problem, iou)[0];
}

/// Faces in a picture of 100 x 100, with what was found.
Scene one_picture(LabelState state, std::vector<LabelledBox> boxes, std::vector<ScoredBox> found) {
    Scene scene;
    Record& record = scene.records.emplace_back();
    record.name = "one.jpg";
    record.width = record.height = 100;
    record.labels.states = {state, LabelState::unknown};
    record.labels.boxes = std::move(boxes);
    scene.found.push_back(std::move(found));
    return scene;
}

TEST(JudgeClasses, TellsWhatIsTrueAndWhatIsNot) {
    Scene scene = one_picture(LabelState::exhaustive, {{{0, 0, 10, 10}, 0}, {{50, 50, 60, 60}, 0}},
                              {{{0, 0, 10, 9}, 0.9F, 0},      // the first face
                               {{0, 0, 10, 10}, 0.8F, 0},     // again
                               {{50, 50, 60, 60}, 0.7F, 1},   // of another class
                               {{20, 20, 30, 30}, 0.6F, 0}}); // in an ignore region
    scene.records[0].labels.ignore.push_back({Box{15, 15, 40, 40}, 0});
    const JudgedClass judged = judged_faces(scene);
    EXPECT_EQ(judged.pictures, 1U);
    EXPECT_EQ(judged.objects, 2U);
    ASSERT_EQ(judged.scores.size(), 2U);
    EXPECT_FLOAT_EQ(static_cast<float>(judged.scores[0].score), 0.9F);
    EXPECT_TRUE(judged.scores[0].is_true);
    EXPECT_FLOAT_EQ(static_cast<float>(judged.scores[1].score), 0.8F);
    EXPECT_FALSE(judged.scores[1].is_true);
    EXPECT_NEAR(judged.average_precision, 51.0 / 101, 1e-9); // precision 1 at the recalls 0, 0.01 … 0.5
}

TEST(JudgeClasses, LeavesOutWhatTheLabelsDoNotTell) {
    const std::vector<ScoredBox> found{{{0, 0, 10, 10}, 0.9F, 0}, {{70, 70, 80, 80}, 0.8F, 0}};
    const JudgedClass partial = judged_faces(one_picture(LabelState::partial, {{{0, 0, 10, 10}, 0}}, found));
    ASSERT_EQ(partial.scores.size(), 1U);
    EXPECT_TRUE(partial.scores[0].is_true);
    const JudgedClass unknown = judged_faces(one_picture(LabelState::unknown, {}, found));
    EXPECT_TRUE(unknown.scores.empty());
    EXPECT_EQ(unknown.pictures, 0U);
    const JudgedClass absent = judged_faces(one_picture(LabelState::absent, {}, found));
    EXPECT_EQ(absent.scores.size(), 2U);
    EXPECT_EQ(absent.average_precision, 0) << "there is nothing to find";
}

TEST(JudgeClasses, GoesByTheOverlapAskedFor) {
    const Scene scene =
        one_picture(LabelState::exhaustive, {{{0, 0, 10, 10}, 0}}, {{{0, 0, 10, 4.5F}, 0.9F, 0}}); // IoU 0.45
    EXPECT_TRUE(judged_faces(scene, 0.4).scores.at(0).is_true);
    EXPECT_DOUBLE_EQ(judged_faces(scene, 0.4).average_precision, 1);
    EXPECT_FALSE(judged_faces(scene, 0.5).scores.at(0).is_true);
    EXPECT_EQ(judged_faces(scene, 0.5).average_precision, 0);
    expect_error<CheckError>([&] { judged_faces(scene, 0); }, {"iou_thresholds"});
}

/// F of all thresholds, from its definition.
double plain_f(const JudgedClass& judged, double score, double beta) {
    double true_ones = 0, all = 0;
    for (const JudgedScore& one : judged.scores) {
        if (one.score < score) continue;
        true_ones += one.is_true ? 1 : 0;
        all += 1;
    }
    if (true_ones == 0) return 0;
    const double precision = true_ones / all, recall = true_ones / static_cast<double>(judged.objects);
    return (1 + beta * beta) * precision * recall / (beta * beta * precision + recall);
}

TEST(BestScore, IsTheBestOfAllThresholds) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        const JudgedClass judged = judged_faces(random_scene(seed));
        for (const double beta : {0.5, 1.0, 2.0}) {
            double best_f = 0, best = -1;
            for (const JudgedScore& one : judged.scores) {
                const double f = plain_f(judged, one.score, beta);
                EXPECT_NEAR(f_score(judged, one.score, beta), f, 1e-12);
                if (f > best_f + 1e-12 || (f > best_f - 1e-12 && f > 0 && one.score > best)) {
                    best_f = f;
                    best = one.score;
                }
            }
            const auto chosen = best_score(judged, beta);
            EXPECT_EQ(chosen.has_value(), best >= 0) << seed;
            if (!chosen) continue;
            EXPECT_NEAR(plain_f(judged, *chosen, beta), best_f, 1e-12) << seed << " " << beta;
            double next = best;
            for (const JudgedScore& one : judged.scores) {
                if (one.score < best && (next == best || one.score > next)) next = one.score;
            }
            EXPECT_DOUBLE_EQ(*chosen, (best + next) / 2) << seed << " " << beta;
        }
    }
}

TEST(ChooseThresholds, LowIsNeverAboveHigh) {
    int below = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        const JudgedClass judged = judged_faces(random_scene(seed));
        const auto chosen = choose_thresholds(judged, 0.5, 2);
        if (!chosen) continue;
        EXPECT_LE(chosen->low, chosen->high);
        EXPECT_EQ(chosen->high, *best_score(judged, 0.5));
        below += chosen->low < chosen->high ? 1 : 0;
        const auto turned = choose_thresholds(judged, 2, 0.5); // what is wanted may contradict
        EXPECT_LE(turned->low, turned->high);
    }
    EXPECT_GT(below, 50);
}

/// By hand: scores 0.9 true, 0.8 false, 0.7 true, 0.4 true, 0.3 false; 4 objects.
TEST(ChooseThresholds, OfAnExample) {
    JudgedClass judged;
    judged.objects = 4;
    judged.scores = {{0.3, false}, {0.7, true}, {0.9, true}, {0.4, true}, {0.8, false}};
    // F_0.5 = 1.25 TP / (0.25 * 4 + all): 0.9: 1.25 / 2, 0.8: 1.25 / 3, 0.7: 2.5 / 4, 0.4: 3.75 / 5 = 0.75, 0.3: 3.75 /
    // 6 F_2   = 5 TP / (16 + all):          0.9: 5 / 17,   …,             0.4: 15 / 20 = 0.75
    const auto chosen = choose_thresholds(judged, 0.5, 2);
    ASSERT_TRUE(chosen);
    EXPECT_DOUBLE_EQ(chosen->low, 0.35); // between 0.4 and 0.3
    EXPECT_DOUBLE_EQ(chosen->high, 0.35);
    EXPECT_DOUBLE_EQ(f_score(judged, chosen->high, 0.5), 0.75);
    EXPECT_DOUBLE_EQ(quality_from(judged, 0.7).precision, 2.0 / 3);
    EXPECT_DOUBLE_EQ(quality_from(judged, 0.7).recall, 0.5);
}

TEST(BestScore, IsTheLowestScoreWhereThereIsNoneBelow) {
    JudgedClass judged;
    judged.objects = 3;
    judged.scores = {{0.9, true}, {0.5, true}, {0.5, true}};
    EXPECT_EQ(best_score(judged, 1), 0.5);
    judged.scores.push_back({std::nextafter(0.5, 0.0), false}); // no number lies between
    EXPECT_EQ(best_score(judged, 0.5), 0.5);
}

TEST(ChooseThresholds, NothingWhereNothingIsFound) {
    JudgedClass judged;
    EXPECT_FALSE(choose_thresholds(judged, 0.5, 2));
    EXPECT_EQ(quality_from(judged, 0.5).recall, 0);
    judged.objects = 2;
    judged.scores = {{0.5, false}};
    EXPECT_FALSE(choose_thresholds(judged, 0.5, 2));
    EXPECT_EQ(f_score(judged, 0.5, 1), 0);
    expect_error<CheckError>([&] { best_score(judged, 0); }, {"beta"});
}

} // namespace
} // namespace banyan
