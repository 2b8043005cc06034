#pragma once

#include <cstddef>
#include <string>

#include <oneapi/dnnl/dnnl.hpp>

#include "engine/value_memory.h"

namespace banyan {

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
