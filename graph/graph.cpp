#include "graph/graph.h"

#include <algorithm>

#include "core/check.h"

namespace banyan {

const Node* Graph::producer(ValueId id) const {
    const int index = value(id).producer;
    return index < 0 ? nullptr : &nodes.at(static_cast<std::size_t>(index));
}

std::optional<ValueId> Graph::find_value(const std::string& name) const {
    const auto found = std::find_if(values.begin(), values.end(), [&](const Value& v) { return v.name == name; });
    if (found == values.end()) return std::nullopt;
    return static_cast<ValueId>(found - values.begin());
}

namespace {

struct OpName {
    const char* operator()(const ConvAttributes&) const { return "conv2d"; }
    const char* operator()(const BatchNormAttributes&) const { return "batch_norm"; }
    const char* operator()(const GroupNormAttributes&) const { return "group_norm"; }
    const char* operator()(const ActivationAttributes&) const { return "activation"; }
    const char* operator()(const AddAttributes&) const { return "add"; }
    const char* operator()(const ConcatAttributes&) const { return "concat"; }
    const char* operator()(const PoolAttributes&) const { return "pool"; }
    const char* operator()(const UpsampleAttributes&) const { return "upsample"; }
    const char* operator()(const ScaleAttributes&) const { return "scale"; }
    const char* operator()(const LinearAttributes&) const { return "linear"; }
    const char* operator()(const FakeQuantAttributes&) const { return "fake_quant"; }
    const char* operator()(const SelectChannelsAttributes&) const { return "select_channels"; }
    const char* operator()(const SoftmaxAttributes&) const { return "softmax"; }
};

struct ParameterNames {
    using Names = std::vector<std::string>;

    Names operator()(const ConvAttributes& conv) const {
        Names names{conv.parameters + ".weight"};
        if (conv.bias) names.push_back(conv.parameters + ".bias");
        return names;
    }
    Names operator()(const BatchNormAttributes& norm) const {
        return {norm.parameters + ".weight", norm.parameters + ".bias", norm.parameters + ".running_mean",
                norm.parameters + ".running_var"};
    }
    Names operator()(const GroupNormAttributes& norm) const {
        return {norm.parameters + ".weight", norm.parameters + ".bias"};
    }
    Names operator()(const ScaleAttributes& scale) const { return {scale.parameters + ".scale"}; }
    Names operator()(const LinearAttributes& linear) const {
        return {linear.parameters + ".weight", linear.parameters + ".bias"};
    }
    template <typename Other>
    Names operator()(const Other&) const {
        return {};
    }
};

} // namespace

const char* op_name(const Attributes& attributes) { return std::visit(OpName{}, attributes); }

std::vector<std::string> parameter_names(const Node& node) { return std::visit(ParameterNames{}, node.attributes); }

namespace {

/// For each value whether it is among `ids`.
std::vector<char> marked(const Graph& graph, const std::vector<ValueId>& ids) {
    std::vector<char> marks(graph.values.size(), 0);
    for (const ValueId id : ids) {
        BANYAN_CHECK(id >= 0 && static_cast<std::size_t>(id) < marks.size(), "graph: expected a value in [0, ",
                     marks.size(), "), found ", id);
        marks[static_cast<std::size_t>(id)] = 1;
    }
    return marks;
}

} // namespace

std::vector<int> nodes_between(const Graph& graph, const std::vector<ValueId>& given,
                               const std::vector<ValueId>& targets) {
    std::vector<char> needed = marked(graph, targets);
    const std::vector<char> is_given = marked(graph, given);

    std::vector<int> nodes;
    for (std::size_t n = graph.nodes.size(); n-- > 0;) {
        const Node& node = graph.nodes[n];
        const auto output = static_cast<std::size_t>(node.output);
        if (!needed[output] || is_given[output]) continue;
        nodes.push_back(static_cast<int>(n));
        for (const ValueId id : node.inputs) needed[static_cast<std::size_t>(id)] = 1;
    }
    for (std::size_t v = 0; v < graph.values.size(); ++v) {
        BANYAN_CHECK(!needed[v] || is_given[v] || graph.values[v].producer >= 0, "graph: value \"",
                     graph.values[v].name, "\" is needed but was not given");
    }
    std::reverse(nodes.begin(), nodes.end());
    return nodes;
}

} // namespace banyan
