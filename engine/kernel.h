#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <oneapi/dnnl/dnnl.hpp>

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

/// One operation ready to run: all memory is known, nothing is allocated by run().
class Kernel {
public:
    virtual ~Kernel() = default;
    virtual void run(const dnnl::stream& stream) = 0;
    /// As people know it: "brgconv:avx512_core", "upsample".
    virtual std::string implementation() const = 0;
    /// Working memory that run() needs; all kernels of an engine share one piece.
    virtual std::size_t scratch_bytes() const { return 0; }
    virtual void use_scratch(std::byte* /*memory*/) {}
};

} // namespace banyan
