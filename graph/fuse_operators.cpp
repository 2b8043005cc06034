#include "graph/fuse_operators.h"

#include <algorithm>
#include <functional>
#include <map>

#include "graph/rebuild.h"

namespace banyan {

namespace {

/// Groups as a union-find forest over the nodes, and the rules by which they grow.
class Partitioner {
public:
    explicit Partitioner(const Graph& graph) : graph_(graph), tree_(post_dominators(graph)) {
        const std::vector<std::vector<int>> readers = data_consumers(graph);
        for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
            const OpPattern pattern = pattern_of(graph.nodes[i].attributes);
            parts_.push_back(
                {static_cast<int>(i), pattern, pattern == OpPattern::convolution ? static_cast<int>(i) : -1});
            readers_.push_back(readers[static_cast<std::size_t>(graph.nodes[i].output)]);
        }
    }

    std::vector<FusionGroup> run() {
        for (const Phase phase : {Phase::convolutions, Phase::injective, Phase::tuples}) {
            for (int node = 0; node < static_cast<int>(parts_.size()); ++node) grow(node, phase);
        }
        return groups();
    }

private:
    enum class Phase { convolutions, injective, tuples };
    /// Whether a node whose group has this pattern may lie on a path; `last`: it is the path's end.
    using PathRule = std::function<bool(OpPattern pattern, bool last)>;

    struct Part {
        int parent;        ///< in the forest; itself: a root
        OpPattern pattern; ///< of a root: of the group
        int anchor;        ///< of a root: the group's
    };

    int root(int node) const {
        while (parts_[static_cast<std::size_t>(node)].parent != node) {
            node = parts_[static_cast<std::size_t>(node)].parent;
        }
        return node;
    }
    OpPattern group_pattern(int node) const { return parts_[static_cast<std::size_t>(root(node))].pattern; }

    void grow(int node, Phase phase) {
        const OpPattern pattern = group_pattern(node);
        const PostDominator& place = tree_[static_cast<std::size_t>(node)];
        if (pattern == OpPattern::opaque || place.parent < 0 || root(node) == root(place.parent)) return;
        if (gathers(place.parent) != (phase == Phase::tuples)) return;
        if (pattern == OpPattern::convolution) {
            if (phase == Phase::convolutions && place.pattern == OpPattern::elementwise) {
                join(node, place.parent, [](OpPattern on_path, bool) { return on_path <= OpPattern::broadcast; });
            }
        } else if (pattern <= OpPattern::broadcast && phase != Phase::tuples) {
            if (place.pattern <= OpPattern::reduction) join(node, place.parent, accepts_elementwise);
        } else if (pattern <= OpPattern::injective && phase != Phase::convolutions) {
            join(node, place.parent, [](OpPattern on_path, bool) { return on_path <= OpPattern::injective; });
        }
    }

    /// The path's end may be a convolution's group already: elementwise operators beside it join what follows it.
    static bool accepts_elementwise(OpPattern on_path, bool last) {
        return on_path <= OpPattern::reduction ? last || on_path <= OpPattern::injective
                                               : last && on_path == OpPattern::convolution;
    }

    bool gathers(int node) const {
        return std::holds_alternative<ConcatAttributes>(graph_.nodes[static_cast<std::size_t>(node)].attributes);
    }

    /// Unites the node with its post-dominator and all between them, if the rule holds for every node on the way.
    void join(int node, int sink, const PathRule& rule) {
        visited_.assign(parts_.size(), false);
        for (const int reader : readers_[static_cast<std::size_t>(node)]) {
            if (!path_allows(reader, sink, rule)) return;
        }
        visited_.assign(parts_.size(), false);
        unite_path(node, sink);
    }

    bool path_allows(int node, int sink, const PathRule& rule) {
        if (visited_[static_cast<std::size_t>(node)]) return true;
        visited_[static_cast<std::size_t>(node)] = true;
        if (!rule(group_pattern(node), node == sink)) return false;
        if (node == sink) return true;
        const std::vector<int>& next = readers_[static_cast<std::size_t>(node)];
        return std::all_of(next.begin(), next.end(), [&](int reader) { return path_allows(reader, sink, rule); });
    }

    void unite_path(int node, int sink) {
        if (node == sink || visited_[static_cast<std::size_t>(node)]) return;
        visited_[static_cast<std::size_t>(node)] = true;
        unite(node, sink);
        for (const int reader : readers_[static_cast<std::size_t>(node)]) unite_path(reader, sink);
    }

    void unite(int node, int sink) {
        const int child = root(node), parent = root(sink);
        if (child == parent) return;
        Part &from = parts_[static_cast<std::size_t>(child)], &to = parts_[static_cast<std::size_t>(parent)];
        from.parent = parent;
        to.pattern = std::max(to.pattern, from.pattern);
        if (from.anchor >= 0) to.anchor = from.anchor;
    }

    std::vector<FusionGroup> groups() const {
        std::map<int, FusionGroup> by_last; // a root is its group's last node: groups grow towards sinks only
        for (int node = 0; node < static_cast<int>(parts_.size()); ++node) by_last[root(node)].nodes.push_back(node);
        std::vector<FusionGroup> result;
        for (auto& [last, group] : by_last) {
            group.anchor = parts_[static_cast<std::size_t>(last)].anchor;
            group.pattern = parts_[static_cast<std::size_t>(last)].pattern;
            result.push_back(std::move(group));
        }
        return result;
    }

    const Graph& graph_;
    std::vector<PostDominator> tree_;
    std::vector<std::vector<int>> readers_; ///< by node
    std::vector<Part> parts_;               ///< by node
    std::vector<bool> visited_;
};

} // namespace

std::vector<FusionGroup> fuse_operators(const Graph& graph) { return Partitioner(graph).run(); }

std::vector<FusionGroup> separate_operators(const Graph& graph) {
    std::vector<FusionGroup> groups;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const OpPattern pattern = pattern_of(graph.nodes[i].attributes);
        const int node = static_cast<int>(i);
        groups.push_back({{node}, pattern == OpPattern::convolution ? node : -1, pattern});
    }
    return groups;
}

} // namespace banyan
