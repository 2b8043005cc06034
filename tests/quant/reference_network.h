#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "graph/fold_batch_norm.h"
#include "graph/graph.h"

namespace banyan::test {

/// Numbers of one picture's value, [C, H, W].
using Numbers = std::vector<double>;

/// Runs networks of convolutions (symmetric padding), relu, relu6 and sums as their definitions have it, in double.
class ReferenceNetwork {
public:
    explicit ReferenceNetwork(const GraphWithValues& network) : network_(network) {}

    std::map<std::string, Numbers> run(const Numbers& image) const {
        const Graph& graph = network_.graph;
        std::vector<Numbers> values(graph.values.size());
        values[static_cast<std::size_t>(graph.input)] = image;
        for (const Node& node : graph.nodes) values[static_cast<std::size_t>(node.output)] = result_of(node, values);
        std::map<std::string, Numbers> outputs;
        for (const auto& [name, id] : graph.outputs) outputs[name] = values[static_cast<std::size_t>(id)];
        return outputs;
    }

private:
    Numbers result_of(const Node& node, const std::vector<Numbers>& values) const {
        const Numbers& x = values[static_cast<std::size_t>(node.inputs[0])];
        if (std::holds_alternative<ConvAttributes>(node.attributes)) return convolve(node, x);
        Numbers y = x;
        if (std::holds_alternative<AddAttributes>(node.attributes)) {
            const Numbers& other = values[static_cast<std::size_t>(node.inputs[1])];
            for (std::size_t i = 0; i < y.size(); ++i) y[i] += other[i];
            return y;
        }
        const Activation kind = std::get<ActivationAttributes>(node.attributes).kind;
        for (double& number : y) number = std::min(std::max(number, 0.0), kind == Activation::relu6 ? 6.0 : 1e300);
        return y;
    }

    Numbers convolve(const Node& node, const Numbers& x) const {
        const auto& conv = std::get<ConvAttributes>(node.attributes);
        const ValueShape& in = network_.graph.value(node.inputs[0]).shape;
        const ValueShape& out = network_.graph.value(node.output).shape;
        const std::int64_t group_out = out.channels / conv.groups;
        Numbers y;
        for (std::int64_t i = 0; i < out.channels * out.height * out.width; ++i) {
            const std::int64_t o = i / (out.height * out.width), row = i / out.width % out.height,
                               column = i % out.width;
            double sum =
                conv.bias ? network_.tensors.at(conv.parameters + ".bias").data[static_cast<std::size_t>(o)] : 0;
            for (std::int64_t c = 0; c < in.channels / conv.groups; ++c) {
                const std::int64_t channel = o / group_out * (in.channels / conv.groups) + c;
                const std::int64_t weights = (o * (in.channels / conv.groups) + c) * conv.kernel * conv.kernel;
                sum += window_sum(conv, in, x.data() + channel * in.height * in.width,
                                  {weights, row * conv.stride - conv.pad, column * conv.stride - conv.pad});
            }
            y.push_back(sum);
        }
        return y;
    }

    struct Place {
        std::int64_t weights, top, left;
    };
    double window_sum(const ConvAttributes& conv, const ValueShape& in, const double* plane, const Place& place) const {
        const float* weight = network_.tensors.at(conv.parameters + ".weight").data.data() + place.weights;
        double sum = 0;
        for (std::int64_t k = 0; k < conv.kernel * conv.kernel; ++k) {
            const std::int64_t row = place.top + k / conv.kernel, column = place.left + k % conv.kernel;
            const bool inside = row >= 0 && row < in.height && column >= 0 && column < in.width;
            if (inside) sum += weight[k] * plane[row * in.width + column];
        }
        return sum;
    }

    const GraphWithValues& network_;
};

} // namespace banyan::test
