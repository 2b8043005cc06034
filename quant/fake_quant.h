#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "graph/fold_batch_norm.h"

namespace banyan {

/// Names of the values that must be rounded to 8 bits so that all convolutions and linear layers can compute in them:
/// what they read, or what that is a copy of (before max pooling and upsampling).
/// @param exact_nodes names of nodes that are to go on reading exact values
std::vector<std::string> quantizable_values(const Graph& graph, const std::set<std::string>& exact_nodes = {});

/// The value whose numbers `value` copies (max pooling, upsampling): the one that is rounded for its readers.
ValueId source_of_copies(const Graph& graph, ValueId value);

/// Puts a fake_quant, named "<value>.quant", behind each named value; all nodes but the exact ones then read the
/// rounded value, while outputs of the graph stay as they are. Idempotent: values that are rounded already get the new
/// attributes.
/// @param exact_nodes names of nodes that go on reading exact values
/// @throws CheckError a name that is no value; attributes out of range
Graph insert_fake_quant(const Graph& graph, const std::map<std::string, FakeQuantAttributes>& by_value,
                        const std::set<std::string>& exact_nodes = {});

/// The network with the weights of convolutions and linear layers that read rounded values rounded as well: symmetric,
/// -127 to 127 steps, a step for each output channel (its largest |w| / 127). The engine's 8-bit weights are then
/// exactly these. A weight that is also used on values that are not rounded is rounded too. Idempotent up to rounding
/// of float32.
GraphWithValues round_weights(GraphWithValues network);

} // namespace banyan
