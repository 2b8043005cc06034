#include "combine/detection_affinity.h"

#include <cmath>

#include <gtest/gtest.h>

namespace banyan::test {
namespace {

const ClassTable kTable({{"person", {"person"}}, {"face", {"face"}}, {"hand", {"hand"}}});
constexpr int kPerson = 0, kFace = 1, kHand = 2;

/// Pictures of which persons and faces are judged in all, hands in none.
class Detections : public testing::Test {
protected:
    explicit Detections(int images = 4) {
        for (int k = 0; k < 3; ++k)
            problem_.categories.push_back({k + 1, kTable.class_name(k), kTable.task_name_of(k)});
        for (int i = 0; i < images; ++i) problem_.images.push_back({i + 1, ""});
        for (std::size_t i = 0; i < problem_.images.size(); ++i) {
            problem_.set_judgement(i, kHand, CocoJudgement::unknown);
        }
    }
    void truth(int image, int category, const CocoBox& box) {
        problem_.annotations.push_back({image, category, box, box.area()});
    }
    void found(int image, int category, const CocoBox& box, double score) {
        problem_.detections.push_back({image, category, box, score});
    }
    AffinityMatrix measure(const std::string& key) const {
        for (AffinityMatrix& matrix : detection_affinities(problem_, kTable, {})) {
            if (matrix.key == key) return std::move(matrix);
        }
        ADD_FAILURE() << key;
        return {};
    }

    CocoProblem problem_;
};

constexpr CocoBox kBody{100, 100, 100, 200}, kHeadInside{130, 100, 30, 40}, kElsewhere{300, 10, 30, 40};

TEST_F(Detections, InsideOthersAreCountedByTheirShare) {
    found(0, kPerson, kBody, 0.9);
    found(0, kFace, kHeadInside, 0.8);
    found(1, kPerson, kBody, 0.9);
    found(1, kFace, kHeadInside, 0.8);
    found(1, kFace, kElsewhere, 0.8);
    found(2, kFace, kElsewhere, 0.8);
    found(2, kPerson, {300, 10, 21, 40}, 0.9); // 0.7 of the face
    found(2, kFace, kHeadInside, 0.1);         // not sure enough to count
    const AffinityMatrix inside = measure(kContainment), together = measure(kCooccurrence);
    EXPECT_DOUBLE_EQ(inside.values[kPerson][kFace].mean, 0.5);
    EXPECT_EQ(inside.values[kPerson][kFace].count, 4);
    EXPECT_GT(inside.values[kPerson][kFace].error, 0.1);
    EXPECT_DOUBLE_EQ(inside.values[kFace][kPerson].mean, 1.0 / 3); // the small person's
    EXPECT_EQ(inside.values[kPerson][kHand].count, 0);
    EXPECT_TRUE(std::isnan(inside.values[kFace][kFace].mean));
    EXPECT_EQ(together.values[kPerson][kFace].mean, 1);
    EXPECT_EQ(together.values[kHand][kFace].mean, 0);
    EXPECT_EQ(together.values[kHand][kFace].count, 3);
}

TEST_F(Detections, ThatOverlapAreLostWhenPooled) {
    for (int i = 0; i < 4; ++i) {
        truth(i, kFace, kHeadInside);
        truth(i, kPerson, kBody);
        found(i, kFace, kHeadInside, 0.8);
        found(i, kPerson, kBody, 0.7);
        found(i, kHand, i % 2 == 0 ? kHeadInside : kElsewhere, 0.9); // takes every second face's place
    }
    const AffinityMatrix drop = measure(kPoolingDrop);
    EXPECT_EQ(drop.values[kPerson][kFace].mean, 0);
    EXPECT_EQ(drop.values[kFace][kFace].mean, 0);
    // Half of the faces are left: precision 1 up to recall 0.5, 51 of 101 points.
    EXPECT_NEAR(drop.values[kHand][kFace].mean, 50.0 / 101, 1e-12);
    EXPECT_GT(drop.values[kHand][kFace].error, 0.05);
    EXPECT_EQ(drop.values[kHand][kPerson].mean, 0);
    EXPECT_EQ(drop.values[kFace][kHand].count, 0); // nothing judges hands
}

TEST_F(Detections, CompeteForThePlacesOfAnImageWhenPooled) {
    truth(0, kFace, kHeadInside);
    found(0, kFace, kHeadInside, 0.5);
    for (int i = 0; i < 100; ++i) found(0, kPerson, {1000.0 + 50 * i, 0, 40, 40}, 0.9);
    EXPECT_DOUBLE_EQ(measure(kPoolingDrop).values[kPerson][kFace].mean, 1);
}

} // namespace
} // namespace banyan::test
