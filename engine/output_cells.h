#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "engine/value_memory.h"

namespace banyan {

/// A layer that is applied to single cells: y = W x + b. The scale behind it is part of both.
struct CellLayer {
    std::size_t inputs = 0, outputs = 0;
    std::vector<float> weights; ///< [inputs, outputs]
    std::vector<float> biases;  ///< [outputs]
};

/// One output of a network, cell by cell. Where the output is deferred, a cell's numbers are computed when they are
/// asked for, in float32 from the value as it is stored. Valid as long as the engine; numbers are those of its last
/// run. Reading is thread-safe.
class OutputCells {
public:
    OutputCells() = default;
    /// @param layer nullptr: `memory`, then float32, is the output itself
    OutputCells(const ValueMemory& memory, std::shared_ptr<const CellLayer> layer);

    /// Numbers of a cell.
    std::size_t channels() const;
    bool is_deferred() const { return layer_ != nullptr; }
    /// @param cell (image * H + y) * W + x  @param numbers receives channels() of them
    void read(std::size_t cell, float* numbers) const;

private:
    ValueMemory memory_;
    std::shared_ptr<const CellLayer> layer_;
};

} // namespace banyan
