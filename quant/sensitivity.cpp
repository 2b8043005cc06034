#include "quant/sensitivity.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <span>
#include <utility>

#include "core/check.h"
#include "graph/byte_values.h"
#include "quant/fake_quant.h"

namespace banyan {

namespace {

using Outputs = std::map<std::string, std::vector<float>>; ///< [N, H, W, C] by name

/// Names of the outputs that nodes of the layer are needed for.
std::set<std::string> reached_outputs(const Graph& graph, const QuantLayer& layer) {
    const std::set<std::string> names(layer.nodes.begin(), layer.nodes.end());
    std::vector<bool> reached(graph.values.size(), false);
    for (const Node& node : graph.nodes) {
        const bool is_behind = std::any_of(node.inputs.begin(), node.inputs.end(),
                                           [&](ValueId id) { return reached[static_cast<std::size_t>(id)]; });
        if (is_behind || names.contains(node.name)) reached[static_cast<std::size_t>(node.output)] = true;
    }
    std::set<std::string> outputs;
    for (const auto& [name, value] : graph.outputs) {
        if (reached[static_cast<std::size_t>(value)]) outputs.insert(name);
    }
    return outputs;
}

/// Layers that are measured in one run.
struct Round {
    std::vector<std::size_t> layers;
    std::set<std::string> outputs; ///< that any of them reaches
};

bool share_any(const std::set<std::string>& a, const std::set<std::string>& b) {
    return std::any_of(a.begin(), a.end(), [&](const std::string& name) { return b.contains(name); });
}

/// Each layer in the first round whose layers reach none of its outputs.
std::vector<Round> rounds_of(const std::vector<std::set<std::string>>& reached) {
    std::vector<Round> rounds;
    for (std::size_t layer = 0; layer < reached.size(); ++layer) {
        auto round = std::find_if(rounds.begin(), rounds.end(),
                                  [&](const Round& other) { return !share_any(other.outputs, reached[layer]); });
        if (round == rounds.end()) round = rounds.insert(round, Round{});
        round->layers.push_back(layer);
        round->outputs.insert(reached[layer].begin(), reached[layer].end());
    }
    return rounds;
}

/// The network with these nodes in 8 bits and all others exact.
GraphWithValues with_rounded(const CalibratedNetwork& calibrated, const std::set<std::string>& nodes) {
    const auto& [graph, tensors] = calibrated.network;
    const std::map<std::string, FakeQuantAttributes> by_source = rounding_of_values(calibrated.values);
    std::map<std::string, FakeQuantAttributes> rounded;
    std::set<std::string> others;
    for (const Node& node : graph.nodes) {
        if (!nodes.contains(node.name)) {
            others.insert(node.name);
            continue;
        }
        const ValueId read = node.inputs[0]; // a copy is rounded as what it copies
        rounded[graph.value(read).name] = by_source.at(graph.value(source_of_copies(graph, read)).name);
    }
    return round_weights({insert_fake_quant(graph, rounded, others), tensors});
}

Outputs outputs_of(const GraphWithValues& network, const EngineOptions& options,
                   const std::vector<std::uint8_t>& pixels) {
    Engine engine(std::make_shared<PackedNetwork>(network), options);
    engine.run(pixels.data());
    Outputs outputs;
    for (const auto& [name, value] : network.graph.outputs) {
        const EngineOutput output = engine.output(name);
        outputs[name] = {output.data, output.of_image(options.batch)};
    }
    return outputs;
}

/// Sum of squared distances of numbers [.., C] from the means of their channels.
double signal_power(std::span<const float> numbers, std::size_t channels) {
    std::vector<double> means(channels, 0.0);
    const double share = static_cast<double>(channels) / static_cast<double>(numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) means[i % channels] += share * double{numbers[i]};
    double power = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const double distance = double{numbers[i]} - means[i % channels];
        power += distance * distance;
    }
    return power;
}

double noise_power(std::span<const float> exact, std::span<const float> rounded) {
    double power = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
        const double error = double{rounded[i]} - double{exact[i]};
        power += error * error;
    }
    return power;
}

/// Compares outputs with the exact ones.
class NoiseMeter {
public:
    NoiseMeter(const Graph& graph, Outputs exact) : exact_(std::move(exact)) {
        for (const auto& [name, value] : graph.outputs) {
            signal_[name] = signal_power(exact_.at(name), static_cast<std::size_t>(graph.value(value).shape.channels));
        }
    }

    /// @param reached outputs that count as rounded; errors of others are not the layer's, but of those in its round
    std::vector<OutputNoise> noises(const std::vector<BranchOutputNames>& branches, const Outputs& rounded,
                                    const std::set<std::string>& reached) const {
        std::vector<OutputNoise> result;
        for (const BranchOutputNames& branch : branches) {
            result.push_back({share(branch.classes, rounded, reached), share(branch.boxes, rounded, reached)});
        }
        return result;
    }

private:
    double share(const std::vector<std::string>& names, const Outputs& rounded,
                 const std::set<std::string>& reached) const {
        double signal = 0, noise = 0;
        for (const std::string& name : names) {
            const auto exact = exact_.find(name);
            BANYAN_CHECK(exact != exact_.end(), "sensitivity: the network has no output \"", name, "\"");
            signal += signal_.at(name);
            if (reached.contains(name)) noise += noise_power(exact->second, rounded.at(name));
        }
        return signal > 0 ? noise / signal : 0;
    }

    Outputs exact_;
    std::map<std::string, double> signal_;
};

std::set<std::string> output_names(const Graph& graph) {
    std::set<std::string> names;
    for (const auto& [name, value] : graph.outputs) names.insert(name);
    return names;
}

/// Names of the nodes of these layers.
std::set<std::string> nodes_of(const std::vector<QuantLayer>& layers, const std::vector<std::size_t>& chosen) {
    std::set<std::string> nodes;
    for (const std::size_t layer : chosen) nodes.insert(layers[layer].nodes.begin(), layers[layer].nodes.end());
    return nodes;
}

} // namespace

std::vector<QuantLayer> quant_layers(const CalibratedNetwork& calibrated) {
    std::vector<QuantLayer> layers;
    std::map<std::string, std::size_t> by_weight;
    for (const Node& node : calibrated.network.graph.nodes) {
        if (!computes_in_bytes(node) || calibrated.exact_nodes.contains(node.name)) continue;
        const std::string weight = parameter_names(node).front();
        const auto [found, is_new] = by_weight.try_emplace(weight, layers.size());
        if (is_new) layers.push_back({weight.substr(0, weight.rfind('.')), {}});
        layers[found->second].nodes.push_back(node.name);
    }
    return layers;
}

Sensitivity measure_sensitivity(const CalibratedNetwork& calibrated, const std::vector<BranchOutputNames>& branches,
                                const EngineOptions& options, const CalibrationPictures& pictures,
                                const std::function<void(std::size_t done, std::size_t total)>& each) {
    const Graph& graph = calibrated.network.graph;
    EngineOptions batched = options;
    batched.batch = static_cast<std::int64_t>(std::min(pictures.count, kSensitivityPictures));
    const std::vector<std::uint8_t> pixels = picture_batch(pictures, kSensitivityPictures);
    const NoiseMeter meter(graph, outputs_of(calibrated.network, batched, pixels));

    const std::vector<QuantLayer> layers = quant_layers(calibrated);
    std::vector<std::set<std::string>> reached;
    for (const QuantLayer& layer : layers) reached.push_back(reached_outputs(graph, layer));
    const std::vector<Round> rounds = rounds_of(reached);
    const auto outputs_with = [&](const std::vector<std::size_t>& members) {
        return outputs_of(with_rounded(calibrated, nodes_of(layers, members)), batched, pixels);
    };
    Sensitivity result;
    for (const QuantLayer& layer : layers) result.layers.push_back({layer, {}});
    for (std::size_t i = 0; i < rounds.size(); ++i) {
        const Outputs rounded = outputs_with(rounds[i].layers);
        for (const std::size_t layer : rounds[i].layers) {
            result.layers[layer].branches = meter.noises(branches, rounded, reached[layer]);
        }
        each(i + 1, rounds.size() + 1);
    }
    std::vector<std::size_t> all(layers.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    result.together = meter.noises(branches, outputs_with(all), output_names(graph));
    each(rounds.size() + 1, rounds.size() + 1);
    return result;
}

std::vector<std::size_t> ranked_layers(const Sensitivity& sensitivity, std::size_t branch) {
    const auto harm = [&](std::size_t layer) { return sensitivity.layers[layer].branches.at(branch).sum(); };
    std::vector<std::size_t> ranking;
    for (std::size_t layer = 0; layer < sensitivity.layers.size(); ++layer) {
        if (harm(layer) > 0) ranking.push_back(layer);
    }
    std::stable_sort(ranking.begin(), ranking.end(), [&](std::size_t a, std::size_t b) { return harm(a) > harm(b); });
    return ranking;
}

} // namespace banyan
