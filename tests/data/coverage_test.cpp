#include "data/coverage.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "data/polygon_fill.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

/// Corners at random, some on pixel centres and edges, some outside the picture; edges may cross each other.
Polygon random_polygon(Random& random, int side) {
    if (random.chance(0.3)) {
        const auto x = static_cast<float>(random.integer(-4, side)), y = static_cast<float>(random.integer(-4, side));
        return Box{x, y, x + static_cast<float>(random.integer(0, side)),
                   y + static_cast<float>(random.uniform(0, side))};
    }
    std::vector<Point> corners;
    for (std::int64_t i = random.integer(0, 7); i > 0; --i) {
        const bool half = random.chance(0.3);
        const auto draw = [&] {
            return half ? static_cast<float>(random.integer(-4, 2 * side)) / 2
                        : static_cast<float>(random.uniform(-5, side + 5.0));
        };
        const float x = draw(), y = draw();
        corners.push_back({x, y});
    }
    return Polygon(corners);
}

Point centre(int x, int y) { return {static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F}; }

TEST(FillPolygon, FillsThePixelsWhoseCentreItContains) {
    Random random(1);
    for (int round = 0; round < 2000; ++round) {
        const int width = static_cast<int>(random.integer(1, 20)), height = static_cast<int>(random.integer(1, 20));
        const Polygon polygon = random_polygon(random, 20);
        std::vector<int> times(static_cast<std::size_t>(width * height), 0);
        fill_polygon(polygon, window_of(polygon, width, height), [&](int y, int x0, int x1) {
            for (int x = x0; x < x1; ++x) ++times[static_cast<std::size_t>(y * width + x)];
        });
        for (int y = 0; y < height; ++y) {
            for (int x = 0; x < width; ++x) {
                ASSERT_EQ(times[static_cast<std::size_t>(y * width + x)], contains(polygon, centre(x, y)) ? 1 : 0)
                    << "round " << round << " at " << x << ", " << y;
            }
        }
    }
}

TEST(AreaMap, ToldSharesEqualASumOverPixels) {
    Random random(2);
    for (int round = 0; round < 500; ++round) {
        const int width = static_cast<int>(random.integer(1, 16)), height = static_cast<int>(random.integer(1, 16));
        PixelRect window{static_cast<int>(random.integer(0, width)), static_cast<int>(random.integer(0, height)), 0, 0};
        window.x1 = static_cast<int>(random.integer(window.x0, width));
        window.y1 = static_cast<int>(random.integer(window.y0, height));
        std::vector<std::uint8_t> mask(window.pixels());
        for (std::uint8_t& pixel : mask) pixel = random.chance(0.5) ? 1 : 0;
        const AreaMap map(width, height, window, [&](int y, std::uint8_t* row) {
            std::copy_n(mask.begin() + (y - window.y0) * window.width(), window.width(), row);
        });
        Box box{static_cast<float>(random.uniform(-5, 20)), static_cast<float>(random.uniform(-5, 20)), 0, 0};
        box.x1 = box.x0 + static_cast<float>(random.uniform(0, 20));
        box.y1 = box.y0 + static_cast<float>(random.uniform(0, 20));
        double common = 0, whole = 0;
        for (int y = 0; y < height; ++y) {
            for (int x = 0; x < width; ++x) {
                const bool inside = x >= window.x0 && x < window.x1 && y >= window.y0 && y < window.y1;
                const bool held =
                    inside && mask[static_cast<std::size_t>((y - window.y0) * window.width() + x - window.x0)] != 0;
                ASSERT_EQ(map.holds(x, y), held);
                const double across = std::min<double>(x + 1, box.x1) - std::max<double>(x, box.x0);
                const double down = std::min<double>(y + 1, box.y1) - std::max<double>(y, box.y0);
                if (across <= 0 || down <= 0) continue;
                whole += across * down;
                if (held) common += across * down;
            }
        }
        EXPECT_NEAR(map.share(box), whole > 0 ? common / whole : 0, 1e-9);
    }
}

TEST(AreaMap, HoldsNothingOutsideThePicture) {
    const AreaMap map(2, 2, {0, 0, 2, 2}, [](int, std::uint8_t* row) { row[0] = row[1] = 1; });
    EXPECT_TRUE(map.holds(1, 1));
    for (const auto& [x, y] : {std::pair{-1, 0}, {0, -1}, {2, 0}, {0, 2}}) EXPECT_FALSE(map.holds(x, y));
    EXPECT_EQ(map.share({-5, -5, 1, 1}), 1); // of the part inside
    EXPECT_EQ(map.share({3, 0, 5, 2}), 0);
    EXPECT_TRUE(AreaMap(2, 2).empty());
    expect_error<CheckError>([] { AreaMap(0, 2); }, {"0 x 2"});
    expect_error<CheckError>([] { AreaMap(65536, 65536); }, {"65536 x 65536"});
}

/// What docs say, read pixel by pixel.
LabelState state_of(const Labels& labels, std::size_t class_id, Point point) {
    LabelState state = labels.states[class_id];
    for (const LabelRegion& region : labels.regions) {
        if (contains(region.area, point)) state = region.states[class_id];
    }
    return state;
}

bool is_ignored(const Labels& labels, int class_id, Point point) {
    return std::any_of(labels.ignore.begin(), labels.ignore.end(), [&](const IgnoreRegion& region) {
        return (region.class_id < 0 || region.class_id == class_id) && contains(region.area, point);
    });
}

std::vector<LabelState> random_states(Random& random) {
    std::vector<LabelState> states(3);
    for (LabelState& state : states) state = static_cast<LabelState>(random.integer(0, 3));
    return states;
}

TEST(Coverage, EqualsALoopOverRegionsAtEveryPixel) {
    Random random(3);
    for (int round = 0; round < 1000; ++round) {
        const int width = static_cast<int>(random.integer(1, 24)), height = static_cast<int>(random.integer(1, 24));
        Labels labels;
        labels.states = random_states(random);
        for (std::int64_t i = random.integer(0, 4); i > 0; --i) {
            labels.regions.push_back({random_polygon(random, 24), random_states(random)});
        }
        for (std::int64_t i = random.integer(0, 4); i > 0; --i) {
            labels.ignore.push_back({random_polygon(random, 24), static_cast<int>(random.integer(-1, 2))});
        }
        Coverage coverage(labels, width, height);
        for (int k = 0; k < 3; ++k) {
            for (int y = 0; y < height; ++y) {
                for (int x = 0; x < width; ++x) {
                    const LabelState state = state_of(labels, static_cast<std::size_t>(k), centre(x, y));
                    const bool covered = state == LabelState::exhaustive || state == LabelState::absent;
                    ASSERT_EQ(coverage.state(k, x, y), state) << "round " << round;
                    ASSERT_EQ(coverage.uncovered(k).holds(x, y), !covered) << "round " << round;
                    ASSERT_EQ(coverage.ignored(k).holds(x, y), is_ignored(labels, k, centre(x, y)));
                }
            }
        }
    }
}

TEST(Coverage, ClassesOfEqualStatesShareAMap) {
    Labels labels;
    labels.states = {LabelState::unknown, LabelState::partial, LabelState::absent};
    labels.regions = {{Box{0, 0, 4, 8}, {LabelState::absent, LabelState::exhaustive, LabelState::unknown}}};
    Coverage coverage(labels, 8, 8);
    EXPECT_EQ(&coverage.uncovered(0), &coverage.uncovered(1));
    EXPECT_NE(&coverage.uncovered(0), &coverage.uncovered(2));
    EXPECT_EQ(&coverage.ignored(0), &coverage.ignored(2));
}

TEST(Coverage, RefusesStatesThatDoNotFit) {
    Labels labels;
    labels.states = {LabelState::absent};
    labels.regions = {{Box{0, 0, 1, 1}, {}}};
    expect_error<CheckError>([&] { Coverage(labels, 4, 4); }, {"expected 1 states a region, found 0"});
    labels.regions.clear();
    Coverage coverage(labels, 4, 4);
    expect_error<CheckError>([&] { coverage.state(1, 0, 0); }, {"below 1", "found 1"});
}

} // namespace
} // namespace banyan
