#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/fold_batch_norm.h"

namespace banyan {

/// Names of the values that must be rounded to 8 bits so that all convolutions and linear layers can compute in them:
/// what they read, or what that is a copy of (before max pooling and upsampling).
std::vector<std::string> quantizable_values(const Graph& graph);

/// Puts a fake_quant, named "<value>.quant", behind each named value; all nodes then read the rounded value, while
/// outputs of the graph stay as they are. Idempotent: values that are rounded already get the new attributes.
/// @throws CheckError a name that is no value; attributes out of range
Graph insert_fake_quant(const Graph& graph, const std::map<std::string, FakeQuantAttributes>& by_value);

/// The network with the weights of convolutions and linear layers that read rounded values rounded as well: symmetric,
/// -127 to 127 steps, a step for each output channel (its largest |w| / 127). The engine's 8-bit weights are then
/// exactly these. A weight that is also used on values that are not rounded is rounded too. Idempotent up to rounding
/// of float32.
GraphWithValues round_weights(GraphWithValues network);

} // namespace banyan
