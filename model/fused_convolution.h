#pragma once

#include <optional>

#include <ATen/core/Tensor.h>

#include "graph/graph.h"
#include "model/graph_plan.h"

namespace banyan {

/// relu(convolution + bias), or relu(convolution + bias + addend), as one operator of cuDNN. It exists on CUDA devices
/// only, has no autograd, and cuDNN may lack a kernel for a shape or type.
class FusedConvolution {
public:
    /// @param weight [O, I, k, k]  @param bias [O], of the same type and device
    FusedConvolution(const ConvAttributes& convolution, at::Tensor weight, at::Tensor bias);

    /// @param x      [N, I, H, W]
    /// @param addend of the result's shape, or undefined
    /// @throws c10::Error on other devices, or without a kernel
    at::Tensor apply(const at::Tensor& x, const at::Tensor& addend) const;

private:
    ConvAttributes convolution_;
    at::Tensor weight_, bias_;
};

/// Steps of a plan that one fused convolution may stand for.
struct FusiblePair {
    int addend = -1; ///< which input of the second step is added; -1: there is only the first step
};

/// What a step of a plan can be: a dense convolution with a bias and nothing but relu behind it; or such a convolution
/// without relu that the next step adds to another value before a relu.
/// @param next the step behind it; nullptr: none
std::optional<FusiblePair> fusible_steps(const Graph& graph, const PlanStep& step, const PlanStep* next);

} // namespace banyan
