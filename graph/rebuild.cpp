#include "graph/rebuild.h"

#include "core/check.h"

namespace banyan {

namespace {

constexpr ValueId kUnmade = -1;

ValueId renumbered(const Graph& source, const std::vector<ValueId>& new_ids, ValueId old_id, const std::string& user) {
    const ValueId new_id = new_ids.at(static_cast<std::size_t>(old_id));
    BANYAN_CHECK(new_id != kUnmade, "graph: ", user, " needs value \"", source.value(old_id).name,
                 "\", which no node makes");
    return new_id;
}

} // namespace

Graph rebuild(const Graph& source, std::vector<Node> nodes, const std::map<std::string, ValueId>& outputs) {
    Graph graph;
    graph.schema_version = source.schema_version;
    std::vector<ValueId> new_ids(source.values.size(), kUnmade);
    new_ids.at(static_cast<std::size_t>(source.input)) = 0;
    graph.input = 0;
    graph.values.push_back(source.value(source.input));

    for (Node& node : nodes) {
        for (ValueId& id : node.inputs) id = renumbered(source, new_ids, id, "node " + node.name);
        const ValueShape shape = source.value(node.output).shape;
        new_ids.at(static_cast<std::size_t>(node.output)) = static_cast<ValueId>(graph.values.size());
        node.output = static_cast<ValueId>(graph.values.size());
        graph.values.push_back({node.name, shape, static_cast<int>(graph.nodes.size())});
        for (const std::string& name : parameter_names(node)) {
            graph.parameters.emplace(name, source.parameters.at(name));
        }
        graph.nodes.push_back(std::move(node));
    }
    for (const auto& [name, id] : outputs) graph.outputs[name] = renumbered(source, new_ids, id, "output " + name);
    return graph;
}

namespace {

template <typename CountInputs>
std::vector<std::vector<int>> readers_of(const Graph& graph, const CountInputs& count_inputs) {
    std::vector<std::vector<int>> readers(graph.values.size());
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
        const Node& node = graph.nodes[n];
        for (std::size_t i = 0; i < count_inputs(node); ++i) {
            std::vector<int>& list = readers.at(static_cast<std::size_t>(node.inputs[i]));
            if (list.empty() || list.back() != static_cast<int>(n)) list.push_back(static_cast<int>(n));
        }
    }
    return readers;
}

} // namespace

std::vector<std::vector<int>> consumers(const Graph& graph) {
    return readers_of(graph, [](const Node& node) { return node.inputs.size(); });
}

std::vector<std::vector<int>> data_consumers(const Graph& graph) { return readers_of(graph, data_input_count); }

std::size_t data_input_count(const Node& node) {
    return std::holds_alternative<UpsampleAttributes>(node.attributes) ? 1 : node.inputs.size();
}

} // namespace banyan
