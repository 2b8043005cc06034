#include "train/hints.h"

#include <utility>

#include "core/error.h"
#include "core/nearest_word.h"
#include "graph/shape_inference.h"
#include "graph/verifier.h"
#include "model/libtorch.h"
#include "train/hint_losses.h"
#include "train/teacher_link.h"

namespace banyan {

namespace {

constexpr const char* kTrunk = "trunk.";

/// A value of a trunk, by its name.
const Value& trunk_value(const Graph& graph, const std::string& name, const std::string& where) {
    std::vector<std::string> names;
    for (const Value& value : graph.values) {
        if (!value.name.starts_with(kTrunk)) continue;
        if (value.name == name) return value;
        names.push_back(value.name);
    }
    const std::string near = did_you_mean(name, names);
    throw ConfigError(ErrorText{where, "no such value in the trunk", "", "\"" + name + "\"",
                                near.empty() ? "`banyan explain MODEL --graph` lists them" : near});
}

/// Both have to be maps of the same cells of one picture.
void check_sizes(const Value& ours, const Value& theirs, const std::string& where) {
    if (ours.shape.height == theirs.shape.height && ours.shape.width == theirs.shape.width) return;
    const auto text = [](const Value& value) { return value.name + " " + to_text(value.shape); };
    throw ConfigError(ErrorText{where, "has another stride than the network's value", text(ours), text(theirs),
                                "take values of one level"});
}

void check_channels(const Value& ours, const Value& theirs, const std::string& where) {
    if (ours.shape.channels == theirs.shape.channels) return;
    throw ConfigError(ErrorText{where, "has another number of channels", std::to_string(ours.shape.channels),
                                std::to_string(theirs.shape.channels), "set \"adaptor\": true"});
}

/// Appends a convolution 1x1 behind a value. @return its output
ValueId append_adaptor(Graph& graph, ValueId value, const std::string& name, std::int64_t channels) {
    Node node;
    node.name = name;
    ConvAttributes conv;
    conv.out_channels = channels;
    conv.bias = true;
    conv.parameters = name;
    node.attributes = conv;
    node.inputs = {value};
    node.output = static_cast<ValueId>(graph.values.size());
    const std::vector<ValueShape> inputs{graph.value(value).shape};
    graph.parameters.merge(required_parameters(node, inputs));
    graph.values.push_back({name, infer_shape(node, inputs), static_cast<int>(graph.nodes.size())});
    graph.nodes.push_back(std::move(node));
    return graph.nodes.back().output;
}

} // namespace

std::vector<Hint> make_hints(const std::vector<HintOptions>& options, MultiTaskModel& network,
                             const MultiTaskModel& teacher, const std::string& name, const std::string& where) {
    std::vector<Hint> hints;
    if (options.empty()) return hints;
    check_pixels(network, teacher, where);
    const int side = network.options().input_side;
    Graph graph = network.module().graph();
    const Graph ours_at_side = resized(graph, side, side),
                theirs_at_side = resized(teacher.module().graph(), side, side);
    for (std::size_t i = 0; i < options.size(); ++i) {
        const std::string at = where + ", hint " + std::to_string(i);
        const Value& ours = trunk_value(ours_at_side, options[i].value, at);
        const Value& theirs = trunk_value(theirs_at_side, options[i].teacher_value, at + " of the teacher");
        check_sizes(ours, theirs, at);
        ValueId value = graph.find_value(ours.name).value();
        if (options[i].adaptor) {
            value = append_adaptor(graph, value, kHintPrefix + name + "." + std::to_string(i), theirs.shape.channels);
        } else {
            check_channels(ours, theirs, at);
        }
        hints.push_back({options[i], value, teacher.module().graph().find_value(theirs.name).value()});
    }
    verify(graph);
    MultiTaskModel with_adaptors(network.options(), std::move(graph), network.module().options());
    for (const auto* tensors : {&network.module().parameters(), &network.module().buffers()}) {
        for (const auto& [tensor_name, tensor] : *tensors) with_adaptors.module().assign(tensor_name, tensor.detach());
    }
    network = std::move(with_adaptors);
    return hints;
}

at::Tensor hints_loss(const std::vector<Hint>& hints, const std::map<ValueId, at::Tensor>& values,
                      const std::map<ValueId, at::Tensor>& teacher_values) {
    const auto exact = [](const at::Tensor& tensor) {
        return tensor.scalar_type() == at::kDouble ? tensor : tensor.to(at::kFloat);
    };
    at::Tensor sum;
    for (const Hint& hint : hints) {
        const at::Tensor loss =
            hint_loss(hint.options, exact(values.at(hint.value)), exact(teacher_values.at(hint.teacher_value)));
        sum = sum.defined() ? sum + loss : loss;
    }
    return sum;
}

} // namespace banyan
