#pragma once

#include <vector>

#include "graph/graph.h"

namespace banyan {

/// What an operator does to its inputs, in rising order of how much it forbids: the kinds of TVM's OpPatternKind that
/// our operators need.
enum class OpPattern {
    elementwise, ///< each number of the result comes from one number of the input at the same place
    broadcast,   ///< of several inputs, some stretched
    injective,   ///< each number of the result is one of the input: copies, concatenation
    reduction,   ///< sums over axes
    convolution, ///< expensive; elementwise operators can be joined to its output (TVM: kOutEWiseFusable)
    opaque       ///< nothing can be joined
};

OpPattern pattern_of(const Attributes& attributes);

/// What one operator does to one of its inputs: that of the node, but a broadcast to an input of the result's own shape
/// is elementwise.
OpPattern edge_pattern(const Graph& graph, const Node& node, ValueId input);

/// Place of a node in the post-dominator tree.
struct PostDominator {
    int parent = -1;                       ///< node through which every path to the graph's outputs goes; -1: none
    int depth = 1;                         ///< of a root 1
    OpPattern pattern = OpPattern::opaque; ///< the most forbidding operator between the node and `parent`, included
};

/// The tree over graph.nodes: by lowest common ancestors of a node's readers, from the last node to the first. Graph
/// outputs have no parent: somebody outside reads them as well.
/// Source: "TVM: An Automated End-to-End Optimizing Compiler for Deep Learning", arXiv:1802.04799, section 3, and its
/// implementation (DominatorTree in graph_partitioner.cc).
std::vector<PostDominator> post_dominators(const Graph& graph);

} // namespace banyan
