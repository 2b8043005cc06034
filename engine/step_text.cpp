#include "engine/step_text.h"

#include "graph/cost.h"
#include "graph/enum_names.h"

namespace banyan {

namespace {

std::string word_of(const Node& node) {
    const auto* activation = std::get_if<ActivationAttributes>(&node.attributes);
    return activation == nullptr ? op_name(node.attributes) : name_in(activation_names(), activation->kind);
}

} // namespace

EngineStep input_step(const ValueMemory& image) {
    const std::int64_t bytes = image.count() + static_cast<std::int64_t>(image.bytes());
    return {kImageName, "normalise", "normalise", image.storage.type, image.shape, 0, bytes, false};
}

EngineStep step_of(const Program& program, const Operation& operation, std::int64_t batch, const Kernel& kernel) {
    const auto bytes_of_value = [&](ValueId id) {
        const ProgramValue& value = program.value(id);
        return static_cast<std::int64_t>(ValueMemory{nullptr, value.storage, batch, value.shape}.bytes());
    };
    const ProgramValue& result = program.value(operation.output);
    EngineStep step;
    step.name = result.name;
    step.operation = "convert";
    step.implementation = kernel.implementation();
    step.type = result.storage.type;
    step.shape = result.shape;
    step.bytes = bytes_of_value(operation.output);
    for (const ValueId input : operation.inputs) step.bytes += bytes_of_value(input);
    for (const PostOperation& post : operation.post) {
        if (post.addend >= 0) step.bytes += bytes_of_value(post.addend);
    }
    step.is_reference = step.implementation.find("ref") != std::string::npos;
    if (operation.node < 0) return step;

    const Node& node = program.graph.nodes[static_cast<std::size_t>(operation.node)];
    const Cost cost = node_cost(program.graph, node);
    const NumberType weights = program.value(operation.inputs[0]).storage.type;
    step.name = node.name;
    step.operation = word_of(node);
    step.macs = cost.macs * batch;
    step.bytes += cost.parameters * static_cast<std::int64_t>(bytes_of(weights));
    for (const PostOperation& post : operation.post) {
        step.operation += "+" + word_of(program.graph.nodes[static_cast<std::size_t>(post.node)]);
    }
    return step;
}

} // namespace banyan
