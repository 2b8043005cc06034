#pragma once

#include <map>
#include <string>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

#include "graph/host_tensor.h"

namespace banyan {

/// oneDNN's mask for a scale each output channel of such weights.
int output_channel_mask(const dnnl::memory::dims& dims);

/// Parameters in the formats that kernels want, each made once: engines for other batch sizes of one network share
/// them. Not thread-safe while engines are made; afterwards nobody writes.
class WeightStore {
public:
    /// @param tensors of the network; must outlive the store's last new entry
    explicit WeightStore(const HostTensors& tensors);

    /// A parameter in the format of `wanted`. @param dims its own shape, perhaps with extents of 1 more or split groups
    dnnl::memory get(const std::string& name, const dnnl::memory::dims& dims, const dnnl::memory::desc& wanted);
    /// The same in 8 bits, each output channel by its scale: round(w / scale). `wanted` is s8.
    dnnl::memory get_quantized(const std::string& name, const dnnl::memory::dims& dims,
                               const dnnl::memory::desc& wanted);
    /// Scales of the output channels (the first axis; graph/quantized_weight.h). float32 [O].
    dnnl::memory channel_scales(const std::string& name);
    /// A vector of float32 as it is.
    dnnl::memory vector(const std::string& name);
    /// The numbers of a parameter, and the only one.
    const std::vector<float>& numbers(const std::string& name) const { return values(name).data; }
    float number(const std::string& name) const;

    const dnnl::engine& engine() const { return engine_; }

private:
    const HostTensor& values(const std::string& name) const;
    dnnl::memory source(const std::string& name, const dnnl::memory::dims& dims) const;
    /// A copy of the parameter that was made before. nullptr: none of this format
    const dnnl::memory* find(const std::string& name, const dnnl::memory::desc& wanted) const;

    const HostTensors& tensors_;
    dnnl::engine engine_;
    dnnl::stream stream_;
    std::map<std::string, std::vector<dnnl::memory>> made_; ///< by parameter, one a format
    std::map<std::string, dnnl::memory> scales_;            ///< by parameter
};

} // namespace banyan
