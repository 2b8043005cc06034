#pragma once

#include <cstdint>

namespace banyan {

/// Figures of one branch in one step.
struct BranchStep {
    double class_loss = 0;
    double box_loss = 0;
    std::int64_t rows = 0;
    std::int64_t positives = 0;
    double weight = 1; ///< of the balancing, on top of loss/weight
};

} // namespace banyan
