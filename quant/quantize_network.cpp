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

} // namespace

std::map<std::string, FakeQuantAttributes> rounding_of_values(const std::vector<QuantizedValue>& values) {
    std::map<std::string, FakeQuantAttributes> attributes;
    for (const QuantizedValue& value : values) {
        attributes[value.name] = {double{value.quantization.scale}, value.quantization.zero_point};
    }
    return attributes;
}

CalibratedNetwork calibrate_network(GraphWithValues network, const EngineOptions& engine_options,
                                    const CalibrationPictures& pictures, const QuantizeOptions& options,
                                    const std::function<void()>& each) {
    CalibratedNetwork result;
    result.network = options.equalize ? equalize_layers(network) : std::move(network);
    const Graph& graph = result.network.graph;
    result.exact_nodes = exact_nodes(graph, options.keep_float);
    const std::vector<std::string> values = quantizable_values(graph, result.exact_nodes);
    Engine engine(std::make_shared<PackedNetwork>(result.network), engine_options);
    result.statistics = calibrate(engine, observed_values(graph, values), pictures, each);
    result.values = choose_ranges(values, result.statistics, options);
    return result;
}

GraphWithValues quantized_network(const CalibratedNetwork& calibrated, const EngineOptions& engine_options,
                                  const CalibrationPictures& pictures, const QuantizeOptions& options) {
    const auto& [graph, tensors] = calibrated.network;
    const std::set<std::string> exact = exact_nodes(graph, options.keep_float);
    const std::map<std::string, FakeQuantAttributes> all = rounding_of_values(calibrated.values);
    std::map<std::string, FakeQuantAttributes> rounded;
    for (const std::string& value : quantizable_values(graph, exact)) rounded[value] = all.at(value);
    GraphWithValues result = round_weights({insert_fake_quant(graph, rounded, exact), tensors});
    if (options.biases == BiasCorrection::analytic) {
        correct_biases(graph, tensors, calibrated.statistics, result.tensors);
    }
    if (options.biases == BiasCorrection::sequential) {
        correct_biases_in_order(calibrated.network, engine_options, pictures, result);
    }
    return result;
}

GraphWithValues quantize_network(GraphWithValues network, const EngineOptions& engine_options,
                                 const CalibrationPictures& pictures, const QuantizeOptions& options) {
    const CalibratedNetwork calibrated = calibrate_network(std::move(network), engine_options, pictures, options);
    return quantized_network(calibrated, engine_options, pictures, options);
}

} // namespace banyan
