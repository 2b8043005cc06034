#pragma once

#include <vector>

#include "graph/fold_batch_norm.h"

namespace banyan {

struct EqualizationOptions {
    /// Also equalises over relu6, which becomes a relu there: values above 6 are no longer cut, so results change. The
    /// paper does so; a network that needs its 6 must keep it.
    bool replace_relu6 = false;
    int most_rounds = 100;   ///< over all pairs
    double tolerance = 1e-4; ///< done when no channel of a round changes by a larger share
};

/// Two convolutions whose channels can be scaled against each other. Indices into Graph::nodes.
struct EqualizationPair {
    int first = -1, second = -1;
    int activation = -1; ///< between them; -1: none
};

/// The pairs, in order of their first nodes: second(activation(first(x))) with a relu, nothing, or (if allowed) a relu6
/// between; what lies between has no other reader and is no output of the graph; no other node uses the parameters of
/// either. Of conv - depthwise - conv both pairs are found.
std::vector<EqualizationPair> equalization_pairs(const Graph& graph, bool replace_relu6);

/// Cross-layer equalisation, as a pass: channel i between the two convolutions of a pair gets
///   s = sqrt(r1 / r2)   r1 = max |weights of the first that make it|, r2 = max |weights of the second that read it|
/// first weights and bias / s, second weights * s, so that both ranges become sqrt(r1 * r2) and no channel of a weight
/// wastes the integers of one scale. Channels with r1 = 0 or r2 = 0 are left alone. Pairs are taken in turn, again and
/// again, since a convolution can be the second of one and the first of the next. Since relu(x / s) = relu(x) / s for
/// s > 0, results are the same but for rounding (not with replace_relu6). A network that is equalised already comes
/// back unchanged. Batch norms must be folded before: they part the convolutions.
///
/// High biases are not absorbed as the paper goes on to do: values between the layers may become larger.
/// @throws CheckError a parameter of a pair has no value, one of another size, or one that is not finite
/// Source: "Data-Free Quantization Through Weight Equalization and Bias Correction", arXiv:1906.04721, section 4.1. Its
/// s = sqrt(r1 * r2) / r2 is the same.
GraphWithValues equalize_layers(const GraphWithValues& input, const EqualizationOptions& options = {});

} // namespace banyan
