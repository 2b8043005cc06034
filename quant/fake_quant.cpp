#include "quant/fake_quant.h"

#include <utility>

#include "core/check.h"
#include "graph/byte_values.h"
#include "graph/quantized_weight.h"
#include "graph/rebuild.h"
#include "graph/verifier.h"

namespace banyan {

namespace {

constexpr const char* kSuffix = ".quant";

template <typename Attribute>
const Attribute* attribute_of(const Node& node) {
    return std::get_if<Attribute>(&node.attributes);
}

std::string weight_name(const Node& node) {
    return parameter_names(node).front(); // "….weight"
}

} // namespace

ValueId source_of_copies(const Graph& graph, ValueId value) {
    for (const Node* node = graph.producer(value); node != nullptr; node = graph.producer(value)) {
        if (!copies_numbers(*node)) break;
        value = node->inputs[0];
    }
    return value;
}

std::vector<std::string> quantizable_values(const Graph& graph, const std::set<std::string>& exact_nodes) {
    std::set<ValueId> values;
    for (const Node& node : graph.nodes) {
        if (computes_in_bytes(node) && !exact_nodes.contains(node.name))
            values.insert(source_of_copies(graph, node.inputs[0]));
    }
    std::vector<std::string> names;
    for (const ValueId value : values) names.push_back(graph.value(value).name);
    return names;
}

Graph insert_fake_quant(const Graph& graph, const std::map<std::string, FakeQuantAttributes>& by_value,
                        const std::set<std::string>& exact_nodes) {
    Graph source = graph;
    std::map<ValueId, ValueId> rounded; // value -> its rounded one
    std::vector<Node> nodes;
    std::set<std::string> left;
    for (const auto& [name, attributes] : by_value) left.insert(name);
    const auto round = [&](ValueId value) {
        const auto found = by_value.find(graph.value(value).name);
        if (found == by_value.end()) return;
        left.erase(found->first);
        const std::string name = found->first + kSuffix;
        rounded[value] = static_cast<ValueId>(source.values.size());
        source.values.push_back({name, graph.value(value).shape, -1});
        nodes.push_back({name, found->second, {value}, rounded[value]});
    };
    round(graph.input);
    for (const Node& node : graph.nodes) {
        const ValueId input = node.inputs[0];
        const bool replaced = attribute_of<FakeQuantAttributes>(node) != nullptr && rounded.contains(input);
        if (replaced) {
            rounded[node.output] = rounded[input];
            continue;
        }
        nodes.push_back(node);
        for (ValueId& id : nodes.back().inputs) {
            const auto found = rounded.find(id);
            if (found != rounded.end() && !exact_nodes.contains(node.name)) id = found->second;
        }
        round(node.output);
    }
    BANYAN_CHECK(left.empty(), "insert_fake_quant: the network has no value \"", left.empty() ? "" : *left.begin(),
                 "\"");
    Graph result = rebuild(source, std::move(nodes), graph.outputs);
    verify(result);
    return result;
}

GraphWithValues round_weights(GraphWithValues network) {
    const auto rounded = roundings(network.graph);
    std::set<std::string> names;
    for (const Node& node : network.graph.nodes) {
        const bool reads_bytes = rounded[static_cast<std::size_t>(node.inputs[0])].has_value();
        if (computes_in_bytes(node) && reads_bytes) names.insert(weight_name(node));
    }
    for (const std::string& name : names) {
        const auto found = network.tensors.find(name);
        BANYAN_CHECK(found != network.tensors.end(), "round_weights: parameter \"", name, "\" has no value");
        found->second = dequantize_weight(quantize_weight(name, found->second));
    }
    return network;
}

} // namespace banyan
