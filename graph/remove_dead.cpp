#include "graph/remove_dead.h"

#include "core/check.h"
#include "graph/rebuild.h"

namespace banyan {

namespace {

Graph keep(const Graph& graph, const std::map<std::string, ValueId>& outputs) {
    std::vector<ValueId> targets;
    for (const auto& [name, id] : outputs) targets.push_back(id);
    std::vector<Node> nodes;
    for (const int index : nodes_between(graph, {graph.input}, targets)) {
        nodes.push_back(graph.nodes[static_cast<std::size_t>(index)]);
    }
    return rebuild(graph, std::move(nodes), outputs);
}

std::string known_outputs(const Graph& graph) {
    std::string names;
    for (const auto& [name, id] : graph.outputs) names += (names.empty() ? "" : ", ") + name;
    return names;
}

} // namespace

Graph keep_outputs(const Graph& graph, const std::vector<std::string>& output_names) {
    BANYAN_CHECK(!output_names.empty(), "graph: keep_outputs needs at least one output name");
    std::map<std::string, ValueId> outputs;
    for (const std::string& name : output_names) {
        const auto found = graph.outputs.find(name);
        BANYAN_CHECK(found != graph.outputs.end(), "graph: no output \"", name, "\"; expected one of ",
                     known_outputs(graph));
        outputs.insert(*found);
    }
    return keep(graph, outputs);
}

Graph remove_dead(const Graph& graph) { return keep(graph, graph.outputs); }

} // namespace banyan
