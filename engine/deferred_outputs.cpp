#include "engine/deferred_outputs.h"

#include <optional>
#include <utility>

#include "core/check.h"
#include "graph/rebuild.h"
#include "graph/remove_dead.h"

namespace banyan {

namespace {

struct End {
    ValueId source = -1; ///< what the convolution reads
    DeferredOutput deferred;
};

template <typename Attribute>
const Attribute* attribute_of(const Node* node) {
    return node == nullptr ? nullptr : std::get_if<Attribute>(&node->attributes);
}

/// How often outputs and nodes read each value.
std::vector<int> read_counts(const Graph& graph) {
    std::vector<int> counts;
    for (const std::vector<int>& nodes : consumers(graph)) counts.push_back(static_cast<int>(nodes.size()));
    for (const auto& [name, value] : graph.outputs) ++counts[static_cast<std::size_t>(value)];
    return counts;
}

std::optional<End> end_of(const Graph& graph, ValueId output, const std::vector<int>& reads) {
    const auto read_once = [&](ValueId value) { return reads[static_cast<std::size_t>(value)] == 1; };
    End end;
    end.deferred.shape = graph.value(output).shape;
    if (!read_once(output)) return std::nullopt;
    if (const auto* scale = attribute_of<ScaleAttributes>(graph.producer(output))) {
        end.deferred.scale = scale->parameters;
        output = graph.producer(output)->inputs[0];
        if (!read_once(output)) return std::nullopt;
    }
    const auto* conv = attribute_of<ConvAttributes>(graph.producer(output));
    if (conv == nullptr || conv->kernel != 1 || conv->stride != 1 || conv->pad != 0 || conv->groups != 1) {
        return std::nullopt;
    }
    end.deferred.convolution = conv->parameters;
    end.deferred.bias = conv->bias;
    end.source = graph.producer(output)->inputs[0];
    return end;
}

} // namespace

DeferredGraph defer_outputs(const Graph& graph, const std::vector<std::string>& names) {
    const std::vector<int> reads = read_counts(graph);
    DeferredGraph result;
    std::map<std::string, ValueId> outputs = graph.outputs;
    for (const std::string& name : names) {
        const auto output = outputs.find(name);
        BANYAN_CHECK(output != outputs.end(), "engine: the network has no output \"", name, "\"");
        std::optional<End> end = end_of(graph, output->second, reads);
        if (!end || end->source == graph.input) continue;
        output->second = end->source;
        result.outputs.emplace(name, std::move(end->deferred));
    }
    result.graph = remove_dead(rebuild(graph, graph.nodes, outputs));
    return result;
}

} // namespace banyan
