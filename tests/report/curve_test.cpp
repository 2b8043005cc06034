#include "report/curve.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

constexpr double kGap = std::numeric_limits<double>::quiet_NaN();

TEST(SmoothCurve, IsTheAverageWithoutTheStartsBias) {
    // w = 0.5: the means are 1 and 0.5 * 1 + 0.5 * 4 = 2.5; over 1 - 0.5 and 1 - 0.25 they give 2 and 10 / 3.
    const Curve smooth = smooth_curve({{0, 2}, {1, 4}}, 0.5);
    EXPECT_DOUBLE_EQ(smooth[0].y, 2);
    EXPECT_DOUBLE_EQ(smooth[1].y, 10.0 / 3);
}

TEST(SmoothCurve, LeavesConstantsAndWeightZeroAlone) {
    for (const CurvePoint& point : smooth_curve({{0, 7}, {1, 7}, {2, 7}}, 0.9)) EXPECT_NEAR(point.y, 7, 1e-12);
    EXPECT_DOUBLE_EQ(smooth_curve({{0, 1}, {1, 5}}, 0)[1].y, 5);
}

TEST(SmoothCurve, StepsOverGaps) {
    const Curve smooth = smooth_curve({{0, 2}, {1, kGap}, {2, 4}}, 0.5);
    EXPECT_TRUE(std::isnan(smooth[1].y));
    EXPECT_DOUBLE_EQ(smooth[2].y, 10.0 / 3);
}

TEST(SmoothCurve, RefusesWeightOne) {
    expect_error<CheckError>([] { smooth_curve({}, 1.0); }, {"[0, 1)"});
}

TEST(ThinCurve, KeepsShortCurves) { EXPECT_EQ(thin_curve({{0, 1}, {1, 2}}, 1).size(), 2U); }

TEST(ThinCurve, KeepsEndsExtremesAndOrder) {
    Random random(5);
    Curve curve;
    for (int i = 0; i < 100000; ++i) curve.push_back({static_cast<double>(i), random.uniform(0, 1)});
    curve[54321].y = 9;
    curve[12345].y = -9;
    const Curve thin = thin_curve(curve, 100);
    EXPECT_LE(thin.size(), 101U * 4);
    EXPECT_EQ(thin.front().x, 0);
    EXPECT_EQ(thin.back().x, 99999);
    EXPECT_TRUE(std::is_sorted(thin.begin(), thin.end(), [](const auto& a, const auto& b) { return a.x < b.x; }));
    const auto by_y = [](const CurvePoint& a, const CurvePoint& b) { return a.y < b.y; };
    EXPECT_EQ(std::max_element(thin.begin(), thin.end(), by_y)->y, 9);
    EXPECT_EQ(std::min_element(thin.begin(), thin.end(), by_y)->y, -9);
}

TEST(ThinCurve, KeepsGaps) {
    Curve curve;
    for (int i = 0; i < 10000; ++i) curve.push_back({static_cast<double>(i), i == 5000 ? kGap : 1.0});
    const Curve thin = thin_curve(curve, 10);
    EXPECT_EQ(std::count_if(thin.begin(), thin.end(), [](const CurvePoint& p) { return std::isnan(p.y); }), 1);
}

} // namespace
} // namespace banyan
