#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/storage.h"
#include "graph/graph.h"

namespace banyan {

/// A value in memory: [N, H, W, C], channels innermost.
struct ValueMemory {
    std::byte* data = nullptr;
    Storage storage;
    std::int64_t batch = 1;
    ValueShape shape;

    std::int64_t count() const { return batch * shape.height * shape.width * shape.channels; }
    std::size_t bytes() const { return static_cast<std::size_t>(count()) * bytes_of(storage.type); }
};

} // namespace banyan
