#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "graph/builder.h"
#include "model/graph_module.h"

namespace banyan {

/// Sets a norm of a layer that was given new weights, so that it gives what is wanted as nearly as a factor and a shift
/// of each channel can. A batch norm also gets the true running statistics of its new input, so that training can go on
/// from it.
class NormFit {
public:
    /// @param norm prefix of its parameters @param module must outlive the fit
    NormFit(GraphModule& module, std::string norm, NormKind kind);

    /// Factor 1 and shift 0. A group norm is to be run behind this to be fitted.
    void reset();
    /// @param values [N, C, H, W]: the input of a batch norm, the output of a group norm that was reset
    /// @param rows the same at chosen cells, [n, C] @param wanted [n, C] @param weights [n, C]
    /// @return share of the wanted scatter that is lost, mean over the channels that have any
    double fit(const at::Tensor& values, const at::Tensor& rows, const at::Tensor& wanted, const at::Tensor& weights);

private:
    GraphModule& module_;
    std::string norm_;
    NormKind kind_;
};

} // namespace banyan
