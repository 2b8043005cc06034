#include "quant/quantize_network.h"

#include <algorithm>
#include <set>
#include <utility>

#include "graph/byte_values.h"
#include "quant/equalization.h"
#include "quant/fake_quant.h"
#include "quant/quantization_error.h"

namespace banyan {

namespace {

bool starts_with_any(const std::string& name, const std::vector<std::string>& prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) {
        return name == prefix || name.starts_with(prefix.ends_with('.') ? prefix : prefix + ".");
    });
}

std::set<std::string> exact_nodes(const Graph& graph, const std::vector<std::string>& prefixes) {
    std::set<std::string> names;
    for (const Node& node : graph.nodes) {
        if (computes_in_bytes(node) && starts_with_any(node.name, prefixes)) names.insert(node.name);
    }
    return names;
}

/// Values whose statistics are needed: those to be rounded, and those that convolutions read.
std::vector<std::string> observed_values(const Graph& graph, const std::vector<std::string>& rounded) {
    std::set<std::string> names(rounded.begin(), rounded.end());
    for (const Node& node : graph.nodes) {
        if (computes_in_bytes(node)) names.insert(graph.value(node.inputs[0]).name);
    }
    return {names.begin(), names.end()};
}

/// In the network's order.
std::vector<QuantizedValue> choose_ranges(const std::vector<std::string>& values,
                                          const std::map<std::string, ValueStatistics>& statistics,
                                          const QuantizeOptions& options) {
    std::vector<QuantizedValue> chosen;
    for (const std::string& name : values) {
        const Histogram& histogram = statistics.at(name).histogram;
        QuantizedValue value{name, choose_range(histogram, options.method, options.range), {}, 0};
        value.quantization = quantization_of(value.range, IntegerType::u8);
        value.sqnr_db = sqnr_db(histogram, value.range, IntegerType::u8);
        chosen.push_back(std::move(value));
    }
    return chosen;
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

} // namespace

void correct_biases(const Graph& graph, const HostTensors& exact, const std::map<std::string, ValueStatistics>& read,
                    HostTensors& rounded) {
    struct Correction {
        std::vector<double> shifts;
        int nodes = 0;
    };
    std::map<std::string, Correction> by_parameters; // several nodes may share them
    for (const Node& node : graph.nodes) {
        const auto* conv = std::get_if<ConvAttributes>(&node.attributes);
        if (conv == nullptr || !conv->bias) continue;
        const std::string weight = conv->parameters + ".weight";
        if (exact.at(weight) == rounded.at(weight)) continue;
        const std::vector<double>& means = read.at(graph.value(node.inputs[0]).name).channel_means;
        const std::vector<double> shifts = mean_shifts(*conv, exact.at(weight), rounded.at(weight), means);
        Correction& correction = by_parameters[conv->parameters];
        correction.shifts.resize(shifts.size(), 0.0);
        for (std::size_t o = 0; o < shifts.size(); ++o) correction.shifts[o] += shifts[o];
        ++correction.nodes;
    }
    for (const auto& [parameters, correction] : by_parameters) {
        std::vector<float>& bias = rounded.at(parameters + ".bias").data;
        for (std::size_t o = 0; o < bias.size(); ++o) {
            bias[o] = static_cast<float>(double{bias[o]} - correction.shifts[o] / correction.nodes);
        }
    }
}

QuantizedNetwork quantize_network(GraphWithValues network, const EngineOptions& engine_options,
                                  const CalibrationPictures& pictures, const QuantizeOptions& options,
                                  const std::function<void()>& each) {
    if (options.equalize) network = equalize_layers(network);
    const std::set<std::string> exact = exact_nodes(network.graph, options.keep_float);
    const std::vector<std::string> values = quantizable_values(network.graph, exact);
    Engine engine(std::make_shared<PackedNetwork>(network), engine_options);
    QuantizedNetwork result;
    result.statistics = calibrate(engine, observed_values(network.graph, values), pictures, each);
    result.values = choose_ranges(values, result.statistics, options);

    std::map<std::string, FakeQuantAttributes> attributes;
    for (const QuantizedValue& value : result.values) {
        attributes[value.name] = {double{value.quantization.scale}, value.quantization.zero_point};
    }
    result.network = round_weights({insert_fake_quant(network.graph, attributes, exact), network.tensors});
    if (options.correct_biases) {
        correct_biases(network.graph, network.tensors, result.statistics, result.network.tensors);
    }
    return result;
}

} // namespace banyan
