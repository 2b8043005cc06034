#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "graph/protobuf_writer.h"

namespace banyan {

/// Extents of a tensor; {} is a single number.
using OnnxDims = std::vector<std::int64_t>;

struct OnnxAttribute {
    std::string name;
    std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>> value;
};

/// One operator of ONNX's default domain.
struct OnnxNode {
    std::string type; ///< "Conv"
    std::string name;
    std::vector<std::string> inputs; ///< names of tensors; "" for an optional input that is left out
    std::string output;
    std::vector<OnnxAttribute> attributes{};
};

/// A graph in the making, in ONNX's file format: nodes in execution order, constant tensors ("initializers"), and what
/// is told of the shapes of values.
/// Source: messages GraphProto, NodeProto, AttributeProto, TensorProto and ValueInfoProto of
///         https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
class OnnxGraph {
public:
    explicit OnnxGraph(const std::string& name);

    /// `wanted`, or with underscores behind it when another tensor has that name: values and initializers share one
    /// name space.
    std::string new_name(const std::string& wanted);

    void add_node(const OnnxNode& node);
    /// Initializers, row-major. Precondition: as many numbers as `dims` tell.
    void add_floats(const std::string& name, const OnnxDims& dims, const std::vector<float>& numbers);
    void add_integers(const std::string& name, const OnnxDims& dims, const std::vector<std::int64_t>& numbers);
    void add_bytes(const std::string& name, const OnnxDims& dims, const std::vector<std::uint8_t>& numbers);
    void add_signed_bytes(const std::string& name, const OnnxDims& dims, const std::vector<std::int8_t>& numbers);
    /// Float32 values of this shape: inputs and outputs of the graph, and others, for those who read it.
    void add_input(const std::string& name, const OnnxDims& dims);
    void add_output(const std::string& name, const OnnxDims& dims);
    void add_value(const std::string& name, const OnnxDims& dims);

    /// The GraphProto.
    const ProtobufWriter& message() const { return message_; }

private:
    std::set<std::string> names_;
    ProtobufWriter message_;
};

} // namespace banyan
