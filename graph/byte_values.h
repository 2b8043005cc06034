#pragma once

#include <optional>
#include <vector>

#include "graph/graph.h"

namespace banyan {

/// Whether a node can be computed in 8 bits: convolutions and linear layers.
bool computes_in_bytes(const Node& node);
/// Whether a node's result are copies of its input, number by number, so that it is stored alike: max pooling,
/// upsampling, selecting channels.
bool copies_numbers(const Node& node);

/// For each value, by its id, how it was rounded to 8 bits: what a fake_quant makes, copies of it, and what is put
/// together (concat) of values that were all rounded alike; nullopt: it was not. A node that computes_in_bytes() and
/// reads such a value has its weights in 8 bits as well (graph/quantized_weight.h).
std::vector<std::optional<FakeQuantAttributes>> roundings(const Graph& graph);

} // namespace banyan
