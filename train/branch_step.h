#pragma once

#include <cstdint>
#include <optional>

namespace banyan {

/// Figures of one branch in one step.
struct BranchStep {
    double class_loss = 0;
    double box_loss = 0;
    std::int64_t rows = 0;
    std::int64_t positives = 0;
    double weight = 1; ///< of the balancing, on top of loss/weight
    /// What it has to learn from teachers, before weights: sum of classes + box_weight * boxes. Only with teachers.
    std::optional<double> teacher_loss{};
};

} // namespace banyan
