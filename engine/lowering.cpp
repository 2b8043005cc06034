#include "engine/lowering.h"

#include <algorithm>
#include <optional>
#include <set>

#include "graph/byte_values.h"
#include "graph/rebuild.h"

namespace banyan {

namespace {

template <typename Attribute>
bool is(const Node& node) {
    return std::holds_alternative<Attribute>(node.attributes);
}

/// Kernels that can do more to their results.
bool takes_along(const Node& node) { return computes_in_bytes(node) || is<AddAttributes>(node); }

class Lowering {
public:
    Lowering(const Graph& graph, const std::vector<FusionGroup>& groups)
        : graph_(graph), readers_(data_consumers(graph)), made_{graph.input} {
        for (const auto& [name, value] : graph.outputs) outputs_.insert(value);
        for (const FusionGroup& group : groups) lower_group(group);
    }

    std::vector<Operation> operations;

private:
    const Node& node(int index) const { return graph_.nodes[static_cast<std::size_t>(index)]; }

    void lower_group(const FusionGroup& group) {
        const std::set<int> members(group.nodes.begin(), group.nodes.end());
        std::set<int> taken;
        for (const int index : anchor_last(group)) {
            if (taken.contains(index)) continue;
            Operation operation = start(index);
            while (const auto next = next_of(operation, members)) {
                operation.output = node(next->node).output;
                operation.post.push_back(*next);
                taken.insert(next->node);
            }
            made_.insert(operation.output);
            operations.push_back(std::move(operation));
        }
    }

    /// The nodes in order, but those that do not need the anchor's result before it: sums behind it then find them.
    std::vector<int> anchor_last(const FusionGroup& group) const {
        std::set<ValueId> behind;
        std::vector<int> first, last;
        for (const int index : group.nodes) {
            const std::vector<ValueId>& inputs = node(index).inputs;
            const bool depends = index == group.anchor || std::any_of(inputs.begin(), inputs.end(), [&](ValueId value) {
                                     return behind.contains(value);
                                 });
            if (depends) behind.insert(node(index).output);
            (depends ? last : first).push_back(index);
        }
        first.insert(first.end(), last.begin(), last.end());
        return first;
    }

    Operation start(int index) const {
        const std::vector<ValueId>& inputs = node(index).inputs;
        const auto data = static_cast<std::ptrdiff_t>(data_input_count(node(index)));
        Operation operation{index, {inputs.begin(), inputs.begin() + data}, {}, node(index).output};
        return operation;
    }

    std::optional<PostOperation> next_of(const Operation& operation, const std::set<int>& members) const {
        const ValueId value = operation.output;
        const std::vector<int>& readers = readers_[static_cast<std::size_t>(value)];
        if (!takes_along(node(operation.node)) || readers.size() != 1 || outputs_.contains(value)) return std::nullopt;
        if (!operation.post.empty() && is<FakeQuantAttributes>(node(operation.post.back().node))) return std::nullopt;
        const int next = readers.front();
        if (!members.contains(next)) return std::nullopt;
        if (is<ActivationAttributes>(node(next)) || is<ScaleAttributes>(node(next))) return PostOperation{next};
        if (is<FakeQuantAttributes>(node(next)) && !is<AddAttributes>(node(operation.node))) return PostOperation{next};
        if (!is<AddAttributes>(node(next))) return std::nullopt;
        const std::vector<ValueId>& inputs = node(next).inputs;
        const ValueId other = inputs[0] == value ? inputs[1] : inputs[0];
        if (other == value || !made_.contains(other)) return std::nullopt;
        return PostOperation{next, other};
    }

    const Graph& graph_;
    std::vector<std::vector<int>> readers_; ///< by value
    std::set<ValueId> outputs_, made_;
};

} // namespace

std::vector<Operation> lower(const Graph& graph, const std::vector<FusionGroup>& groups) {
    return Lowering(graph, groups).operations;
}

ValueId overwritten_value(const Operation& operation) {
    if (operation.overwrites >= 0) return operation.inputs[static_cast<std::size_t>(operation.overwrites)];
    for (const PostOperation& post : operation.post) {
        if (post.in_place) return post.addend;
    }
    return -1;
}

} // namespace banyan
