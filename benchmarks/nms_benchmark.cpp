#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "core/cpu_features.h"
#include "core/nms.h"
#include "core/random.h"

// How long suppressing overlaps takes: 1,000 drawn candidates of one class, medians over many calls. "objects": 40 of
// them, each found by 25 candidates that lie around it, as heads find them; "spread": anywhere, so that most stay.
//
// usage: nms_benchmark [CALLS]

namespace {

using namespace banyan;

constexpr std::size_t kCandidates = 1000, kSets = 8;
constexpr double kWidth = 640, kHeight = 480;

/// A box around (x, y) with a drawn score.
ScoredBox box_around(double x, double y, double width, double height, Random& random) {
    const Box box{static_cast<float>(x - width / 2), static_cast<float>(y - height / 2),
                  static_cast<float>(x + width / 2), static_cast<float>(y + height / 2)};
    return {box, static_cast<float>(random.uniform(0.05, 1)), 0};
}

std::vector<ScoredBox> around_objects(std::uint64_t seed) {
    constexpr std::size_t kOfAnObject = 25;
    constexpr double kScatter = 0.15; // of the object's size
    Random random(seed);
    std::vector<ScoredBox> boxes;
    while (boxes.size() < kCandidates) {
        const double x = random.uniform(0, kWidth), y = random.uniform(0, kHeight);
        const double width = random.uniform(20, 120), height = random.uniform(20, 120);
        for (std::size_t i = 0; i < kOfAnObject; ++i) {
            boxes.push_back(box_around(x + kScatter * width * random.normal(), y + kScatter * height * random.normal(),
                                       width * random.uniform(0.8, 1.25), height * random.uniform(0.8, 1.25), random));
        }
    }
    return boxes;
}

std::vector<ScoredBox> spread(std::uint64_t seed) {
    Random random(seed);
    std::vector<ScoredBox> boxes;
    while (boxes.size() < kCandidates) {
        boxes.push_back(box_around(random.uniform(0, kWidth), random.uniform(0, kHeight), random.uniform(20, 120),
                                   random.uniform(20, 120), random));
    }
    return boxes;
}

struct Times {
    double median_ms = 0;
    double kept = 0; ///< boxes a call, in the mean
};

/// Every call has another set, so that the processor cannot learn the branches of one.
Times measure(const std::vector<std::vector<ScoredBox>>& sets, const NmsOptions& options, int calls) {
    std::vector<double> ms;
    std::size_t kept = 0;
    for (int call = 0; call < calls; ++call) {
        const std::vector<ScoredBox>& boxes = sets[static_cast<std::size_t>(call) % sets.size()];
        const auto start = std::chrono::steady_clock::now();
        kept += suppress_overlaps(boxes, options).size();
        ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
    const auto middle = ms.begin() + static_cast<std::ptrdiff_t>(ms.size() / 2);
    std::nth_element(ms.begin(), middle, ms.end());
    return {*middle, static_cast<double>(kept) / calls};
}

void print_row(const char* name, const std::vector<std::vector<ScoredBox>>& sets, std::size_t most, int calls) {
    std::printf("%-8s %6zu", name, most);
    for (const NmsKind kind : {NmsKind::greedy, NmsKind::diou, NmsKind::soft}) {
        const Times times = measure(sets, {.max_detections = most, .kind = kind}, calls);
        std::printf("  %8.4f (%4.0f)", times.median_ms, times.kept);
    }
    std::printf("\n");
}

} // namespace

int main(int argc, char** argv) {
    const int calls = argc > 1 ? std::atoi(argv[1]) : 400;
    if (calls < 1) {
        std::fprintf(stderr, "usage: nms_benchmark [CALLS]\n");
        return 2;
    }
    std::vector<std::vector<ScoredBox>> objects, anywhere;
    for (std::uint64_t seed = 1; seed <= kSets; ++seed) {
        objects.push_back(around_objects(seed));
        anywhere.push_back(spread(seed));
    }
    std::printf("%s, %zu candidates, median ms of %d calls (boxes kept)\n", cpu_name().c_str(), kCandidates, calls);
    std::printf("boxes      most    greedy             diou             soft\n");
    for (const std::size_t most : {std::size_t{100}, kCandidates}) {
        print_row("objects", objects, most, calls);
        print_row("spread", anywhere, most, calls);
    }
    return 0;
}
