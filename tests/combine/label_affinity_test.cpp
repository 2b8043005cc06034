#include "combine/label_affinity.h"

#include <cmath>

#include <gtest/gtest.h>

namespace banyan::test {
namespace {

const ClassTable kTable({{"a", {"a"}}, {"b", {"b1", "b2"}}, {"c", {"c"}}});

struct Size {
    float width, height;
    int class_id;
};

/// A picture for each box, of the given size.
Dataset dataset_of(const std::vector<Size>& boxes, int width = 320, int height = 320) {
    std::vector<Record> records;
    for (const Size& box : boxes) {
        Record record;
        record.width = width;
        record.height = height;
        record.labels.states.assign(4, LabelState::exhaustive);
        record.labels.boxes.push_back({{0, 0, box.width, box.height}, box.class_id});
        records.push_back(std::move(record));
    }
    return Dataset("drawn", std::move(records), std::vector<LabelState>(4, LabelState::exhaustive));
}

struct LabelMatrices {
    AffinityMatrix scale, aspect, anchors;
};

LabelMatrices measure(const std::vector<Dataset>& datasets) {
    std::vector<AffinityMatrix> all = label_affinities(datasets, kTable, {});
    EXPECT_EQ(all.size(), 3U);
    return {std::move(all[0]), std::move(all[1]), std::move(all[2])};
}

TEST(LabelAffinities, AreOneForEqualAndNoneForForeignBoxes) {
    const auto [scale, aspect, anchors] =
        measure({dataset_of({{20, 20, 0}, {40, 40, 0}, {20, 20, 1}, {40, 40, 2}, {160, 20, 3}, {300, 40, 3}})});
    EXPECT_EQ(scale.values[0][1].mean, 1);
    EXPECT_EQ(aspect.values[0][1].mean, 1);
    EXPECT_EQ(anchors.values[0][1].mean, 1);
    EXPECT_EQ(scale.values[0][2].mean, 0);
    EXPECT_EQ(aspect.values[0][2].mean, 0);
    EXPECT_LT(anchors.values[0][2].mean, 0.4);
    EXPECT_EQ(scale.values[0][1].count, 2);
}

TEST(LabelAffinities, CountTheCommonPartOfTheHistograms) {
    // a: 3/4 small, 1/4 large; b: 1/4 small, 3/4 large: in common 1/4 + 1/4.
    std::vector<Size> boxes;
    for (int i = 0; i < 40; ++i) {
        boxes.push_back(i % 4 == 0 ? Size{80, 80, 0} : Size{20, 20, 0});
        boxes.push_back(i % 4 == 0 ? Size{20, 20, 1} : Size{80, 80, 2});
    }
    const auto [scale, aspect, anchors] = measure({dataset_of(boxes)});
    EXPECT_DOUBLE_EQ(scale.values[0][1].mean, 0.5);
    EXPECT_EQ(scale.values[1][0].mean, scale.values[0][1].mean);
    // Each share of 40 boxes varies by sqrt(0.75 * 0.25 / 40) = 0.068; of the two that are in common both do.
    EXPECT_NEAR(scale.values[0][1].error, std::sqrt(2.0) * 0.068, 0.03);
    EXPECT_EQ(aspect.values[0][1].mean, 1);
    EXPECT_EQ(aspect.values[0][1].error, 0);
    EXPECT_EQ(anchors.values[0][1].mean, 1);
}

TEST(LabelAffinities, LookAtBoxesAsTheNetworkSeesThem) {
    const auto [scale, aspect, anchors] =
        measure({dataset_of({{20, 30, 0}}, 320, 200), dataset_of({{80, 120, 1}}, 640, 1280)});
    EXPECT_EQ(scale.values[0][1].mean, 1);
    EXPECT_EQ(anchors.values[0][1].mean, 1);
    EXPECT_TRUE(std::isnan(scale.values[0][2].mean)); // c has no box
    EXPECT_EQ(scale.values[2][2].count, 0);
}

TEST(LabelAffinities, MeasureAnchorsByTheirIou) {
    const auto [scale, aspect, anchors] = measure({dataset_of({{20, 20, 0}, {20, 20, 0}, {40, 40, 1}, {40, 40, 2}})});
    EXPECT_DOUBLE_EQ(anchors.values[0][1].mean, 0.25);
    EXPECT_EQ(anchors.values[0][0].mean, 1);
}

} // namespace
} // namespace banyan::test
