#pragma once

#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include "graph/fold_batch_norm.h"
#include "model/fused_convolution.h"
#include "model/graph_operators.h"

namespace banyan {

/// A network to be run only, with its parameters laid out once for a device: channels innermost, in the type that it
/// computes in, weights that meet 8-bit values rounded. A convolution may run with its bias, a sum and relu as one
/// operator of cuDNN (model/fused_convolution.h).
///
/// Rounding to 8 bits is computed, not used: a quantised network gives about the boxes of its 8-bit kernels, but is no
/// faster. Running is thread-safe.
class DeviceNetwork {
public:
    /// @param network after the graph passes (graph/pass_list.h)
    /// @param fuse    operators of cuDNN where they fit. On other devices check_kernels() takes all of them apart.
    /// @throws CheckError a parameter without a value
    DeviceNetwork(GraphWithValues network, at::Device device, at::ScalarType dtype, bool fuse);
    DeviceNetwork(const DeviceNetwork&) = delete; // operators point into graph_
    DeviceNetwork& operator=(const DeviceNetwork&) = delete;

    /// Runs once, and takes apart the fused operators that cuDNN has no kernel for, which the log tells.
    /// @param images [N, 3, H, W], normalised, of the network's type and on its device
    /// @return the outputs [N, C, H, W] in the order of graph().outputs
    /// @throws ShapeError the network does not take pictures of this size, naming the node; MemoryError
    std::vector<at::Tensor> check_kernels(const at::Tensor& images);
    /// The same without checking.
    std::vector<at::Tensor> run(const at::Tensor& images) const;

    const Graph& graph() const { return graph_; }
    at::Device device() const { return device_; }
    at::ScalarType dtype() const { return dtype_; }
    std::size_t fused_count() const; ///< steps that run as one operator of cuDNN

private:
    /// One operator, or a convolution and the sum behind it.
    struct Step {
        std::vector<Operator> operators;
        std::optional<FusedConvolution> fused; ///< does the same
        ValueId addend = -1;                   ///< what `fused` adds; -1: nothing
    };
    struct Parts;

    void append(const Parts& parts, std::size_t first, const std::optional<FusiblePair>& fusible);
    static void apply(const Step& step, std::vector<at::Tensor>& values);
    static void apply_fused(const Step& step, std::vector<at::Tensor>& values);
    std::vector<at::Tensor> outputs_of(const std::vector<at::Tensor>& values) const;

    Graph graph_;
    at::Device device_;
    at::ScalarType dtype_;
    std::vector<Step> steps_;
};

} // namespace banyan
