#pragma once

#include <vector>

#include "graph/graph.h"
#include "graph/post_dominators.h"

namespace banyan {

/// Nodes that are to be computed as one operator.
struct FusionGroup {
    std::vector<int> nodes;                ///< in order; the last one makes the only value that others read
    int anchor = -1;                       ///< the convolution (or pooling, linear layer) among them; -1: none
    OpPattern pattern = OpPattern::opaque; ///< of the whole
};

/// Groups the nodes of a graph as TVM's FuseOps does. A node may join the node that post-dominates it, with all that
/// lies on the paths between them, when the patterns there allow it:
///   first phase   a convolution joins elementwise and broadcast operators behind it; these join what follows them
///   second phase  injective operators join elementwise, broadcast and injective ones
///   third phase   injective and simpler operators join the concatenation (TVM: the tuple before it) that gathers them
/// Two convolutions never come into one group.
/// @return groups by the order of their last nodes: every value is made before a group reads it. Each node is in
///         exactly one group.
/// Source: arXiv:1802.04799, section 3; GraphPartitioner::RunFuse in TVM's graph_partitioner.cc.
std::vector<FusionGroup> fuse_operators(const Graph& graph);

/// Every node a group of its own: fuse_operators switched off.
std::vector<FusionGroup> separate_operators(const Graph& graph);

} // namespace banyan
