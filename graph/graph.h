#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace banyan {

/// A network as data: values (tensors, NCHW), nodes that make them, and named parameters. Nodes stand in execution
/// order (every input is made before it is used). Both executors, import, export and all passes work on this.

/// Index of a value in Graph::values.
using ValueId = std::int32_t;

constexpr const char* kImageName = "image"; ///< name of the input value
constexpr std::int64_t kImageChannels = 3;

/// Limits of sizes, so that no product of them (elements, multiply-adds, bytes) overflows 64 bits.
constexpr std::int64_t kMaxExtent = 1 << 14;     ///< height and width of a value
constexpr std::int64_t kMaxChannels = 1 << 20;   ///< channels of a value
constexpr std::int64_t kMaxWindow = 1 << 10;     ///< kernel, stride and padding
constexpr std::int64_t kMaxElements = 1LL << 32; ///< numbers in one parameter
constexpr double kMaxQuantScale = 1e6;           ///< of a fake_quant

enum class Activation { none, relu, relu6, silu, hard_swish, sigmoid };
enum class Padding {
    symmetric, ///< `pad` pixels on every side
    same_tf    ///< TensorFlow "SAME": total = max((ceil(in/s)-1)*s + k - in, 0), the odd pixel at the right/bottom
};

struct ConvAttributes {
    std::int64_t out_channels = 0;
    std::int64_t kernel = 1; ///< square
    std::int64_t stride = 1;
    std::int64_t pad = 0; ///< with Padding::symmetric
    std::int64_t groups = 1;
    bool bias = false;
    Padding padding = Padding::symmetric;
    std::string parameters{};  ///< prefix: "<parameters>.weight" [out, in/groups, k, k], "<parameters>.bias" [out]
    std::int64_t dilation = 1; ///< pixels between two places of the kernel

    std::int64_t span() const { return (kernel - 1) * dilation + 1; } ///< pixels from its first place to its last
};
struct BatchNormAttributes {
    double eps = 1e-5;
    std::string parameters{}; ///< prefix of .weight .bias .running_mean .running_var, all [C]
};
/// Group norm, arXiv:1803.08494: each picture's channels are normalised in `groups` groups, over channels and pixels.
/// No running statistics, so training and inference do the same.
struct GroupNormAttributes {
    std::int64_t groups = 16; ///< divides the channels
    double eps = 1e-5;
    std::string parameters{}; ///< prefix of .weight .bias, both [C]
};
struct ActivationAttributes {
    Activation kind = Activation::relu;
};
struct AddAttributes {};    ///< two inputs of one shape
struct ConcatAttributes {}; ///< along channels
struct PoolAttributes {
    enum class Kind { max, average, global_average } kind = Kind::max;
    std::int64_t kernel = 2, stride = 2, pad = 0;
};
struct UpsampleAttributes {};           ///< nearest, to the height and width of the second input
struct SelectChannelsAttributes {       ///< shuffles, splits and gathers of channels
    std::vector<std::int64_t> channels; ///< for each channel of the result the one of the input that it copies
};
struct SoftmaxAttributes {};  ///< over the channels of each pixel
struct ScaleAttributes {      ///< x * s with one learned number (per level, for box outputs)
    std::string parameters{}; ///< "<parameters>.scale" [1]
};
struct LinearAttributes { ///< on [N, C, 1, 1]: a classifier
    std::int64_t out_features = 0;
    std::string parameters{};
};

/// Rounds to 8 bits and back: (clamp(round(x / scale) + zero_point, 0, 255) - zero_point) * scale, ties to even. The
/// engine stores such a value in one byte; in training its gradient is that of the clamp.
/// Source: "Quantizing deep convolutional networks for efficient inference", arXiv:1806.08342, section 2.
struct FakeQuantAttributes {
    double scale = 1;   ///< (0, 1e6]
    int zero_point = 0; ///< [0, 255], the byte of 0
    bool operator==(const FakeQuantAttributes&) const = default;
};

using Attributes = std::variant<ConvAttributes, BatchNormAttributes, GroupNormAttributes, ActivationAttributes,
                                AddAttributes, ConcatAttributes, PoolAttributes, UpsampleAttributes, ScaleAttributes,
                                LinearAttributes, FakeQuantAttributes, SelectChannelsAttributes, SoftmaxAttributes>;

/// Shape of a value without N. Height and width hold for the graph's reference input size.
struct ValueShape {
    std::int64_t channels = 0, height = 0, width = 0;
    bool operator==(const ValueShape&) const = default;
};

struct Value {
    std::string name; ///< unique: name of the node that makes it, or "image"
    ValueShape shape;
    int producer = -1; ///< index into Graph::nodes; -1 for the input
};

struct Node {
    std::string name; ///< unique, dotted path: "trunk.backbone.features.0.0", "branches.face.tower.0.conv.p3"
    Attributes attributes;
    std::vector<ValueId> inputs;
    ValueId output = -1;
};

enum class ParameterRole { conv_weight, bias, norm_weight, norm_bias, running_mean, running_var, scale, linear_weight };

/// One tensor of the network; several nodes may use it (head towers are shared over levels).
struct Parameter {
    std::vector<std::int64_t> shape;
    ParameterRole role = ParameterRole::conv_weight;
    /// Start value: conv and linear weights are drawn N(0, init_std^2) if init_std > 0, else He fan-out; other roles
    /// start at init_value (norm weight and running_var 1, the rest 0).
    double init_std = 0;
    double init_value = 0;
    std::vector<double> init_pattern; ///< not empty: element i starts at init_pattern[i % size] instead of init_value
};

struct Graph {
    int schema_version = 1;
    std::vector<Value> values;
    std::vector<Node> nodes;
    std::map<std::string, Parameter> parameters;
    ValueId input = -1;                     ///< the image [N, 3, H, W]
    std::map<std::string, ValueId> outputs; ///< by name, e.g. "face.cls.p3"

    const Value& value(ValueId id) const { return values.at(static_cast<std::size_t>(id)); }
    const Node* producer(ValueId id) const;
    std::optional<ValueId> find_value(const std::string& name) const;
};

/// Name of the operator: "conv2d", "batch_norm", "add", …
const char* op_name(const Attributes& attributes);
/// Parameter names that a node uses, in a fixed order.
std::vector<std::string> parameter_names(const Node& node);

/// The nodes (indices, in order) needed to make `targets` when `given` values are already there.
/// @throws CheckError an id that is no value, or a target that needs the image, which is not among `given`
std::vector<int> nodes_between(const Graph& graph, const std::vector<ValueId>& given,
                               const std::vector<ValueId>& targets);

} // namespace banyan
