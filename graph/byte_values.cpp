#include "graph/byte_values.h"

#include <algorithm>

namespace banyan {

namespace {

using Roundings = std::vector<std::optional<FakeQuantAttributes>>;

template <typename Attribute>
bool is(const Node& node) {
    return std::holds_alternative<Attribute>(node.attributes);
}

std::optional<FakeQuantAttributes> rounding_of_result(const Node& node, const Roundings& known) {
    if (const auto* quant = std::get_if<FakeQuantAttributes>(&node.attributes)) return *quant;
    const auto& first = known[static_cast<std::size_t>(node.inputs[0])];
    if (copies_numbers(node)) return first;
    const bool all_alike = is<ConcatAttributes>(node) &&
                           std::all_of(node.inputs.begin(), node.inputs.end(),
                                       [&](ValueId value) { return known[static_cast<std::size_t>(value)] == first; });
    return all_alike ? first : std::nullopt;
}

} // namespace

bool computes_in_bytes(const Node& node) { return is<ConvAttributes>(node) || is<LinearAttributes>(node); }

bool copies_numbers(const Node& node) {
    const auto* pool = std::get_if<PoolAttributes>(&node.attributes);
    return is<UpsampleAttributes>(node) || is<SelectChannelsAttributes>(node) ||
           (pool != nullptr && pool->kind == PoolAttributes::Kind::max);
}

Roundings roundings(const Graph& graph) {
    Roundings by_value(graph.values.size());
    for (const Node& node : graph.nodes) {
        by_value[static_cast<std::size_t>(node.output)] = rounding_of_result(node, by_value);
    }
    return by_value;
}

} // namespace banyan
