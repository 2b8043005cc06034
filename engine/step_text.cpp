#include "engine/step_text.h"

#include "graph/cost.h"
#include "graph/enum_names.h"

namespace banyan {

namespace {

std::string word_of(const Node& node) {
    const auto* activation = std::get_if<ActivationAttributes>(&node.attributes);
    return activation == nullptr ? op_name(node.attributes) : name_in(activation_names(), activation->kind);
}

std::int64_t bytes_of_value(const Graph& graph, ValueId value, std::int64_t batch, NumberType type) {
    return static_cast<std::int64_t>(ValueMemory{nullptr, type, batch, graph.value(value).shape}.bytes());
}

} // namespace

EngineStep input_step(const ValueMemory& image) {
    const std::int64_t bytes = image.count() + static_cast<std::int64_t>(image.bytes());
    return {kImageName, "normalise", "table", image.type, image.shape, 0, bytes, false};
}

EngineStep step_of(const Graph& graph, const Operation& operation, const ValueMemory& result, const Kernel& kernel) {
    const Node& node = graph.nodes[static_cast<std::size_t>(operation.node)];
    EngineStep step{node.name, word_of(node), kernel.implementation(), result.type, result.shape, 0, 0, false};
    for (const PostOperation& post : operation.post) {
        step.operation += "+" + word_of(graph.nodes[static_cast<std::size_t>(post.node)]);
        if (post.addend >= 0) step.bytes += bytes_of_value(graph, post.addend, result.batch, result.type);
    }
    const Cost cost = node_cost(graph, node);
    step.macs = cost.macs * result.batch;
    step.bytes += static_cast<std::int64_t>(result.bytes());
    for (const ValueId input : operation.inputs) step.bytes += bytes_of_value(graph, input, result.batch, result.type);
    step.bytes += cost.parameters * static_cast<std::int64_t>(bytes_of(result.type));
    step.is_reference = step.implementation.find("ref") != std::string::npos;
    return step;
}

EngineStep conversion_step(const std::string& output, const ValueMemory& from, const ValueMemory& to,
                           const Kernel& kernel) {
    const auto bytes = static_cast<std::int64_t>(from.bytes() + to.bytes());
    return {output, "convert", kernel.implementation(), to.type, to.shape, 0, bytes, false};
}

} // namespace banyan
