#include "engine/memory_plan.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/random.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

using test::expect_error;
using testing::ElementsAre;

TEST(PlanMemory, ReusesWhatIsNoLongerNeeded) {
    // A chain: each buffer is read by the next step only. Two places are enough.
    const MemoryPlan plan = plan_memory({{640, 0, 1}, {640, 1, 2}, {640, 2, 3}, {640, 3, 4}});
    EXPECT_THAT(plan.offsets, ElementsAre(0, 640, 0, 640));
    EXPECT_EQ(plan.bytes, 1280U);
}

TEST(PlanMemory, FillsGapsBetweenBuffers) {
    const MemoryPlan plan = plan_memory({{256, 0, 9}, {128, 0, 1}, {64, 0, 9}, {100, 2, 9}});
    EXPECT_THAT(plan.offsets, ElementsAre(0, 256, 384, 256));
    EXPECT_EQ(plan.bytes, 448U);
}

TEST(PlanMemory, NeedsNothingForNothing) {
    EXPECT_EQ(plan_memory({}).bytes, 0U);
    EXPECT_THAT(plan_memory({{0, 0, 3}}).offsets, ElementsAre(0));
}

TEST(PlanMemory, NeverOverlapsWhatLivesTogether) {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        Random random(seed);
        std::vector<BufferLife> buffers(static_cast<std::size_t>(random.integer(1, 30)));
        std::size_t sum = 0, most = 0;
        for (BufferLife& buffer : buffers) {
            buffer.bytes = static_cast<std::size_t>(random.integer(1, 5000));
            buffer.first = static_cast<int>(random.integer(0, 20));
            buffer.last = buffer.first + static_cast<int>(random.integer(0, 6));
            sum += (buffer.bytes + 63) / 64 * 64;
        }
        const MemoryPlan plan = plan_memory(buffers);
        for (int step = 0; step < 27; ++step) {
            std::size_t live = 0;
            for (const BufferLife& b : buffers) live += b.first <= step && step <= b.last ? b.bytes : 0;
            most = std::max(most, live);
        }
        EXPECT_LE(plan.bytes, sum) << "seed " << seed;
        EXPECT_GE(plan.bytes, most) << "seed " << seed;
        for (std::size_t a = 0; a < buffers.size(); ++a) {
            EXPECT_EQ(plan.offsets[a] % kBufferAlignment, 0U);
            EXPECT_LE(plan.offsets[a] + buffers[a].bytes, plan.bytes);
            for (std::size_t b = 0; b < a; ++b) {
                const bool together = buffers[a].first <= buffers[b].last && buffers[b].first <= buffers[a].last;
                const bool apart = plan.offsets[a] + buffers[a].bytes <= plan.offsets[b] ||
                                   plan.offsets[b] + buffers[b].bytes <= plan.offsets[a];
                EXPECT_TRUE(!together || apart) << "seed " << seed << ": buffers " << a << " and " << b;
            }
        }
    }
}

TEST(PlanMemory, RefusesALifeThatEndsBeforeItBegins) {
    expect_error<CheckError>([] { plan_memory({{64, 3, 2}}); }, {"step 2", "step 3"});
}

} // namespace
} // namespace banyan
