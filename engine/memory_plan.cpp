#include "engine/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "core/check.h"

namespace banyan {

namespace {

std::size_t rounded_up(std::size_t bytes) {
    return (bytes + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment;
}

bool live_together(const BufferLife& a, const BufferLife& b) { return a.first <= b.last && b.first <= a.last; }

} // namespace

MemoryPlan plan_memory(const std::vector<BufferLife>& buffers) {
    for (const BufferLife& buffer : buffers) {
        BANYAN_CHECK(buffer.first <= buffer.last, "plan_memory: a buffer is last needed in step ", buffer.last,
                     ", before step ", buffer.first, " makes it");
    }
    std::vector<std::size_t> order(buffers.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return buffers[a].bytes > buffers[b].bytes; });

    MemoryPlan plan{std::vector<std::size_t>(buffers.size(), 0), 0};
    std::vector<std::size_t> placed; // by offset
    for (const std::size_t index : order) {
        const std::size_t bytes = rounded_up(buffers[index].bytes);
        std::size_t offset = 0;
        for (const std::size_t other : placed) {
            if (!live_together(buffers[index], buffers[other])) continue;
            if (offset + bytes <= plan.offsets[other]) break;
            offset = std::max(offset, plan.offsets[other] + rounded_up(buffers[other].bytes));
        }
        plan.offsets[index] = offset;
        plan.bytes = std::max(plan.bytes, offset + bytes);
        const auto behind =
            std::upper_bound(placed.begin(), placed.end(), offset,
                             [&](std::size_t at, std::size_t other) { return at < plan.offsets[other]; });
        placed.insert(behind, index);
    }
    return plan;
}

} // namespace banyan
