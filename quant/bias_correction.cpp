#include "quant/bias_correction.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "graph/byte_values.h"

namespace banyan {

namespace {

/// What is to be taken from the bias of one layer, which several nodes may share.
struct Correction {
    std::vector<double> shifts; ///< by output channel, summed over the nodes
    int nodes = 0;

    void add(const std::vector<double>& more) {
        shifts.resize(more.size(), 0.0);
        for (std::size_t o = 0; o < more.size(); ++o) shifts[o] += more[o];
        ++nodes;
    }
};
using Corrections = std::map<std::string, Correction>;           ///< by the name of the bias
using ChannelMeans = std::map<std::string, std::vector<double>>; ///< by value

void take_from_biases(const Corrections& corrections, HostTensors& tensors) {
    for (const auto& [name, correction] : corrections) {
        std::vector<float>& bias = tensors.at(name).data;
        for (std::size_t o = 0; o < bias.size(); ++o) {
            bias[o] = static_cast<float>(double{bias[o]} - correction.shifts[o] / correction.nodes);
        }
    }
}

/// What one layer's rounded weights add to its mean output, by output channel.
std::vector<double> mean_shifts(const ConvAttributes& conv, const HostTensor& exact, const HostTensor& rounded,
                                const std::vector<double>& input_means) {
    const auto outputs = static_cast<std::size_t>(conv.out_channels);
    const std::size_t per_group = outputs / static_cast<std::size_t>(conv.groups);
    const auto inputs = static_cast<std::size_t>(exact.shape.at(1));
    const std::size_t window = exact.data.size() / (outputs * inputs);
    std::vector<double> shifts(outputs, 0.0);
    for (std::size_t o = 0; o < outputs; ++o) {
        for (std::size_t i = 0; i < inputs; ++i) {
            double difference = 0;
            for (std::size_t k = 0; k < window; ++k) {
                const std::size_t at = (o * inputs + i) * window + k;
                difference += double{rounded.data[at]} - double{exact.data[at]};
            }
            shifts[o] += difference * input_means.at(o / per_group * inputs + i);
        }
    }
    return shifts;
}

/// Names of biases by the names of the values whose mean they move.
std::map<std::string, std::string> biased_values(const Graph& graph) {
    std::map<std::string, std::string> biases;
    for (const Node& node : graph.nodes) {
        const std::vector<std::string> names = parameter_names(node);
        if (computes_in_bytes(node) && names.size() == 2) biases[graph.value(node.output).name] = names[1];
    }
    return biases;
}

std::vector<double> channel_means(std::span<const float> numbers, std::size_t channels) {
    std::vector<double> means(channels, 0.0);
    for (std::size_t i = 0; i < numbers.size(); i += channels) {
        for (std::size_t c = 0; c < channels; ++c) means[c] += double{numbers[i + c]};
    }
    for (double& mean : means) mean *= static_cast<double>(channels) / static_cast<double>(numbers.size());
    return means;
}

/// Means of what all layers with a bias make.
ChannelMeans layer_means(const GraphWithValues& network, const EngineOptions& options,
                         const std::vector<std::uint8_t>& pixels) {
    const std::map<std::string, std::string> biases = biased_values(network.graph);
    ChannelMeans means;
    Engine engine(std::make_shared<PackedNetwork>(network), options);
    engine.run_observed(pixels.data(), [&](const std::string& value, std::span<float> numbers) {
        const auto bias = biases.find(value);
        if (bias == biases.end()) return;
        means[value] = channel_means(numbers, network.tensors.at(bias->second).data.size());
    });
    return means;
}

} // namespace

const NameTable<BiasCorrection>& bias_correction_names() {
    static const NameTable<BiasCorrection> table{{"analytic", BiasCorrection::analytic},
                                                 {"sequential", BiasCorrection::sequential},
                                                 {"none", BiasCorrection::none}};
    return table;
}

void correct_biases(const Graph& graph, const HostTensors& exact, const std::map<std::string, ValueStatistics>& read,
                    HostTensors& rounded) {
    Corrections corrections;
    for (const Node& node : graph.nodes) {
        const auto* conv = std::get_if<ConvAttributes>(&node.attributes);
        if (conv == nullptr || !conv->bias) continue;
        const std::string weight = conv->parameters + ".weight";
        if (exact.at(weight) == rounded.at(weight)) continue;
        const std::vector<double>& means = read.at(graph.value(node.inputs[0]).name).channel_means;
        corrections[conv->parameters + ".bias"].add(mean_shifts(*conv, exact.at(weight), rounded.at(weight), means));
    }
    take_from_biases(corrections, rounded);
}

void correct_biases_in_order(const GraphWithValues& exact, const EngineOptions& options,
                             const CalibrationPictures& pictures, GraphWithValues& rounded) {
    EngineOptions batched = options;
    batched.batch = static_cast<std::int64_t>(std::min(pictures.count, kSequentialPictures));
    batched.fuse = false; // what a convolution makes is seen before its activation
    const std::vector<std::uint8_t> pixels = picture_batch(pictures, kSequentialPictures);
    const ChannelMeans expected = layer_means(exact, batched, pixels);
    const std::map<std::string, std::string> biases = biased_values(exact.graph);
    Corrections corrections;
    Engine engine(std::make_shared<PackedNetwork>(rounded), batched);
    engine.run_observed(pixels.data(), [&](const std::string& value, std::span<float> numbers) {
        const auto found = expected.find(value);
        if (found == expected.end()) return;
        const std::size_t channels = found->second.size();
        std::vector<double> shifts = channel_means(numbers, channels);
        for (std::size_t c = 0; c < channels; ++c) shifts[c] -= found->second[c];
        for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] -= static_cast<float>(shifts[i % channels]);
        corrections[biases.at(value)].add(shifts);
    });
    take_from_biases(corrections, rounded.tensors);
}

} // namespace banyan
