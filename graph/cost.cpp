#include "graph/cost.h"

#include <set>

namespace banyan {

namespace {

std::int64_t element_count(const ValueShape& shape) { return shape.channels * shape.height * shape.width; }

std::int64_t node_macs(const Graph& graph, const Node& node) {
    const ValueShape& out = graph.value(node.output).shape;
    if (const auto* conv = std::get_if<ConvAttributes>(&node.attributes)) {
        const std::int64_t in_channels = graph.value(node.inputs.at(0)).shape.channels / conv->groups;
        return element_count(out) * in_channels * conv->kernel * conv->kernel;
    }
    if (std::holds_alternative<LinearAttributes>(node.attributes)) {
        return out.channels * graph.value(node.inputs.at(0)).shape.channels;
    }
    return 0;
}

std::int64_t parameter_count(const Graph& graph, const std::string& name) {
    std::int64_t count = 1;
    for (const std::int64_t extent : graph.parameters.at(name).shape) count *= extent;
    return count;
}

std::string first_parts(const std::string& name, int parts) {
    std::size_t end = 0;
    for (int part = 0; part < parts; ++part) {
        end = name.find('.', part == 0 ? 0 : end + 1);
        if (end == std::string::npos) return name;
    }
    return name.substr(0, end);
}

bool has_parts(const std::string& name, const std::string& prefix) {
    if (!name.starts_with(prefix)) return false;
    return prefix.empty() || prefix.back() == '.' || name.size() == prefix.size() || name[prefix.size()] == '.';
}

/// Adds a node to a sum; `counted` holds the parameters already in it.
void add_node(const Graph& graph, const Node& node, Cost& sum, std::set<std::string>& counted) {
    const Cost cost = node_cost(graph, node);
    sum.macs += cost.macs;
    sum.activation_bytes += cost.activation_bytes;
    for (const std::string& name : parameter_names(node)) {
        if (counted.insert(name).second) sum.parameters += parameter_count(graph, name);
    }
}

} // namespace

Cost node_cost(const Graph& graph, const Node& node) {
    Cost cost;
    cost.macs = node_macs(graph, node);
    for (const std::string& name : parameter_names(node)) cost.parameters += parameter_count(graph, name);
    cost.activation_bytes = element_count(graph.value(node.output).shape) * std::int64_t{sizeof(float)};
    return cost;
}

Cost total_cost(const Graph& graph, const std::string& prefix) {
    Cost sum;
    std::set<std::string> counted;
    for (const Node& node : graph.nodes) {
        if (has_parts(node.name, prefix)) add_node(graph, node, sum, counted);
    }
    return sum;
}

std::map<std::string, Cost> cost_by_prefix(const Graph& graph, int parts) {
    std::map<std::string, Cost> sums;
    std::map<std::string, std::set<std::string>> counted;
    for (const Node& node : graph.nodes) {
        const std::string prefix = first_parts(node.name, parts);
        add_node(graph, node, sums[prefix], counted[prefix]);
    }
    return sums;
}

} // namespace banyan
