#include "model/parameter_init.h"

#include <algorithm>
#include <cmath>

#include <ATen/CPUGeneratorImpl.h>
#include <xxhash.h>

#include "model/libtorch.h"

namespace banyan {

namespace {

/// Groups of the convolution that uses this weight; 1 for other parameters.
std::int64_t groups_of(const Graph& graph, const std::string& name) {
    const auto uses = [&](const Node& node) {
        const auto* conv = std::get_if<ConvAttributes>(&node.attributes);
        return conv != nullptr && conv->parameters + ".weight" == name;
    };
    const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(), uses);
    return found == graph.nodes.end() ? 1 : std::get<ConvAttributes>(found->attributes).groups;
}

double he_fan_out_std(const Parameter& parameter, std::int64_t groups) {
    std::int64_t fan_out = parameter.shape.at(0) / groups;
    for (std::size_t axis = 2; axis < parameter.shape.size(); ++axis) fan_out *= parameter.shape[axis];
    return std::sqrt(2.0 / static_cast<double>(fan_out));
}

} // namespace

at::Tensor initial_values(const Graph& graph, const std::string& name, std::uint64_t seed) {
    const Parameter& parameter = graph.parameters.at(name);
    const bool drawn = parameter.role == ParameterRole::conv_weight || parameter.role == ParameterRole::linear_weight;
    if (!drawn) {
        at::Tensor values = at::full(parameter.shape, parameter.init_value, at::kFloat);
        const std::vector<double>& pattern = parameter.init_pattern;
        auto* out = values.mutable_data_ptr<float>();
        for (std::size_t i = 0; !pattern.empty() && i < static_cast<std::size_t>(values.numel()); ++i) {
            out[i] = static_cast<float>(pattern[i % pattern.size()]);
        }
        return values;
    }
    const double std = parameter.init_std > 0 ? parameter.init_std : he_fan_out_std(parameter, groups_of(graph, name));
    const auto generator =
        at::make_generator<at::CPUGeneratorImpl>(XXH3_64bits_withSeed(name.data(), name.size(), seed));
    return at::empty(parameter.shape, at::kFloat).normal_(0, std, generator);
}

} // namespace banyan
