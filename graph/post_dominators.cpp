#include "graph/post_dominators.h"

#include <algorithm>
#include <set>
#include <utility>

#include "graph/rebuild.h"

namespace banyan {

namespace {

struct PatternOf {
    OpPattern operator()(const ConvAttributes&) const { return OpPattern::convolution; }
    OpPattern operator()(const LinearAttributes&) const { return OpPattern::convolution; }
    OpPattern operator()(const PoolAttributes&) const { return OpPattern::convolution; } // as in TVM
    OpPattern operator()(const BatchNormAttributes&) const { return OpPattern::broadcast; }
    OpPattern operator()(const GroupNormAttributes&) const { return OpPattern::opaque; }
    OpPattern operator()(const SoftmaxAttributes&) const { return OpPattern::opaque; }
    OpPattern operator()(const ActivationAttributes&) const { return OpPattern::elementwise; }
    OpPattern operator()(const FakeQuantAttributes&) const { return OpPattern::elementwise; }
    OpPattern operator()(const AddAttributes&) const { return OpPattern::broadcast; }
    OpPattern operator()(const ScaleAttributes&) const { return OpPattern::broadcast; }
    OpPattern operator()(const ConcatAttributes&) const { return OpPattern::injective; }
    OpPattern operator()(const UpsampleAttributes&) const { return OpPattern::injective; }
    OpPattern operator()(const SelectChannelsAttributes&) const { return OpPattern::injective; }
};

/// Lowest common ancestor of two nodes; -1 when they share none. `pattern` takes up what lies on the way.
int common_ancestor(const std::vector<PostDominator>& tree, int a, int b, OpPattern& pattern) {
    const auto climb = [&](int& node) {
        const PostDominator& place = tree[static_cast<std::size_t>(node)];
        pattern = std::max(pattern, place.pattern);
        node = place.parent;
    };
    while (a != b) {
        if (a < 0 || b < 0) return -1;
        const int depth_a = tree[static_cast<std::size_t>(a)].depth, depth_b = tree[static_cast<std::size_t>(b)].depth;
        if (depth_a >= depth_b) climb(a);
        if (depth_b >= depth_a) climb(b);
    }
    return a;
}

PostDominator place_of(const Graph& graph, const Node& node, const std::vector<int>& readers,
                       const std::vector<PostDominator>& tree) {
    PostDominator place;
    OpPattern pattern = OpPattern::elementwise;
    int parent = readers.front();
    for (const int reader : readers) {
        const Node& next = graph.nodes[static_cast<std::size_t>(reader)];
        pattern = std::max(pattern, edge_pattern(graph, next, node.output));
        parent = common_ancestor(tree, parent, reader, pattern);
        if (parent < 0) return place;
    }
    place.parent = parent;
    place.depth = tree[static_cast<std::size_t>(parent)].depth + 1;
    place.pattern = pattern;
    return place;
}

} // namespace

OpPattern pattern_of(const Attributes& attributes) { return std::visit(PatternOf{}, attributes); }

OpPattern edge_pattern(const Graph& graph, const Node& node, ValueId input) {
    const OpPattern pattern = pattern_of(node.attributes);
    const bool same_shape = graph.value(input).shape == graph.value(node.output).shape;
    return pattern == OpPattern::broadcast && same_shape ? OpPattern::elementwise : pattern;
}

std::vector<PostDominator> post_dominators(const Graph& graph) {
    std::set<ValueId> outputs;
    for (const auto& [name, value] : graph.outputs) outputs.insert(value);
    const std::vector<std::vector<int>> readers = data_consumers(graph);
    std::vector<PostDominator> tree(graph.nodes.size());
    for (std::size_t i = graph.nodes.size(); i-- > 0;) {
        const Node& node = graph.nodes[i];
        const std::vector<int>& of_node = readers[static_cast<std::size_t>(node.output)];
        if (of_node.empty() || outputs.contains(node.output)) continue;
        tree[i] = place_of(graph, node, of_node, tree);
    }
    return tree;
}

} // namespace banyan
