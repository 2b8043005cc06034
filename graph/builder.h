#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "graph/graph.h"

namespace banyan {

/// Start values of one layer's parameters (see Parameter).
struct LayerInit {
    double weight_std = 0; ///< > 0: N(0, weight_std^2); 0: He fan-out
    double bias = 0;
    std::vector<double> bias_pattern{}; ///< not empty: the bias of channel c starts at bias_pattern[c % size]
};

enum class NormKind { batch, group };

/// The norm of a layer.
struct NormOptions {
    NormKind kind = NormKind::batch;
    std::int64_t groups = 16; ///< of a group norm; divides the layer's channels
    bool operator==(const NormOptions&) const = default;
};

/// conv -> norm -> activation. Nodes are `<name>.conv<suffix>`, `<name>.bn<suffix>` (a group norm: `.gn`) and
/// `<name>.act<suffix>`. Parameters are `<name>.conv` (without the suffix: convs of one name share them, e.g. a head
/// tower over levels) and `<name>.bn<suffix>` (one norm a level).
struct ConvBnActOptions {
    std::int64_t out_channels = 0;
    std::int64_t kernel = 3;
    std::int64_t stride = 1;
    std::int64_t groups = 1;
    Activation activation = Activation::relu;
    Padding padding = Padding::symmetric; ///< symmetric: (kernel - 1) / 2
    NormOptions norm{};
    double eps = 1e-5;
    std::string suffix{}; ///< e.g. ".p3"
    LayerInit init{};
};

/// Appends nodes to a graph; shapes are inferred and checked at once. A node's parameter prefix is its name when the
/// attributes give none; nodes with one prefix share the parameters, whose shapes must agree.
/// @throws ShapeError inputs do not fit the operator or a shared parameter; CheckError a repeated name, a bad
///         attribute or an unknown value. The message names the node and the shapes.
class GraphBuilder {
public:
    /// Reference input size in pixels; the network itself may be run at other sizes.
    GraphBuilder(std::int64_t height, std::int64_t width);

    ValueId image() const { return graph_.input; }

    ValueId conv(ValueId x, const std::string& name, ConvAttributes attributes, const LayerInit& init = {});
    ValueId batch_norm(ValueId x, const std::string& name, BatchNormAttributes attributes = {});
    ValueId group_norm(ValueId x, const std::string& name, GroupNormAttributes attributes = {});
    /// Activation::none returns x and adds no node.
    ValueId activation(ValueId x, const std::string& name, Activation kind);
    ValueId add(ValueId a, ValueId b, const std::string& name);
    ValueId concat(const std::vector<ValueId>& inputs, const std::string& name);
    ValueId max_pool(ValueId x, const std::string& name, std::int64_t kernel, std::int64_t stride, std::int64_t pad);
    ValueId average_pool(ValueId x, const std::string& name, std::int64_t kernel, std::int64_t stride,
                         std::int64_t pad);
    ValueId global_average_pool(ValueId x, const std::string& name);
    /// Nearest, to the height and width of `like`.
    ValueId upsample_like(ValueId x, ValueId like, const std::string& name);
    /// Channel c of the result is channel channels[c] of x.
    ValueId select_channels(ValueId x, const std::string& name, std::vector<std::int64_t> channels);
    /// Over the channels of each pixel.
    ValueId softmax(ValueId x, const std::string& name);
    /// x * s, one learned number, start value `init`.
    ValueId scale(ValueId x, const std::string& name, ScaleAttributes attributes = {}, double init = 1.0);
    /// On [N, C, 1, 1]; always with bias.
    ValueId linear(ValueId x, const std::string& name, LinearAttributes attributes, const LayerInit& init = {});

    ValueId fake_quant(ValueId x, const std::string& name, const FakeQuantAttributes& attributes);

    ValueId conv_bn_act(ValueId x, const std::string& name, const ConvBnActOptions& options);
    /// Depthwise kernel x kernel `<name>.dw<suffix>` without norm, then pointwise conv_bn_act of the same name.
    ValueId separable_bn_act(ValueId x, const std::string& name, const ConvBnActOptions& options);

    /// Names a result of the graph, e.g. "face.cls.p3".
    void output(const std::string& name, ValueId value);

    /// Shape of a value at the reference input size.
    const ValueShape& shape(ValueId value) const;
    const Graph& graph() const { return graph_; }

    /// The finished graph, verified (graph/verifier.h). The builder may go on afterwards.
    Graph build() const;

private:
    ValueId append(const std::string& name, Attributes attributes, std::vector<ValueId> inputs,
                   const LayerInit& init = {});
    void check_value(ValueId value, const std::string& node_name) const;
    void declare_parameters(const Node& node, const LayerInit& init);

    Graph graph_;
    std::unordered_set<std::string> names_; ///< of all values
};

} // namespace banyan
