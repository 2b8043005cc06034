#include "graph/onnx_graph.h"

#include <bit>
#include <string_view>

#include "graph/onnx_fields.h"
#include "graph/onnx_model.h"

namespace banyan {

namespace {

static_assert(std::endian::native == std::endian::little, "raw tensor data are little-endian, not swapped here");

using namespace onnx;

/// Writes the value of an attribute and which kind it is.
struct AttributeValueWriter {
    ProtobufWriter& message;

    void operator()(std::int64_t value) const {
        message.add_integer(kAttributeInt, value);
        message.add_integer(kAttributeType, kTypeInt);
    }
    void operator()(float value) const {
        message.add_float(kAttributeFloat, value);
        message.add_integer(kAttributeType, kTypeFloat);
    }
    void operator()(const std::string& value) const {
        message.add_bytes(kAttributeString, value);
        message.add_integer(kAttributeType, kTypeString);
    }
    void operator()(const std::vector<std::int64_t>& values) const {
        message.add_integers(kAttributeInts, values);
        message.add_integer(kAttributeType, kTypeInts);
    }
};

template <typename Number>
ProtobufWriter tensor_message(const std::string& name, const OnnxDims& dims, OnnxType type,
                              const std::vector<Number>& numbers) {
    ProtobufWriter tensor;
    tensor.add_integers(kTensorDims, dims);
    tensor.add_integer(kTensorDataType, static_cast<std::int64_t>(type));
    tensor.add_bytes(kTensorName, name);
    const auto* bytes = reinterpret_cast<const char*>(numbers.data());
    tensor.add_bytes(kTensorRawData, std::string_view(bytes, numbers.size() * sizeof(Number)));
    return tensor;
}

ProtobufWriter value_message(const std::string& name, const OnnxDims& dims) {
    ProtobufWriter shape, tensor_type, type, value;
    for (const std::int64_t extent : dims) {
        ProtobufWriter dimension;
        dimension.add_integer(kDimensionValue, extent);
        shape.add_message(kShapeDim, dimension);
    }
    tensor_type.add_integer(kTensorTypeElement, static_cast<std::int64_t>(OnnxType::float32));
    tensor_type.add_message(kTensorTypeShape, shape);
    type.add_message(kTypeTensor, tensor_type);
    value.add_bytes(kValueInfoName, name);
    value.add_message(kValueInfoType, type);
    return value;
}

} // namespace

OnnxGraph::OnnxGraph(const std::string& name) { message_.add_bytes(kGraphName, name); }

std::string OnnxGraph::new_name(const std::string& wanted) {
    std::string name = wanted;
    while (!names_.insert(name).second) name += "_";
    return name;
}

void OnnxGraph::add_node(const OnnxNode& node) {
    ProtobufWriter message;
    for (const std::string& input : node.inputs) message.add_bytes(kNodeInput, input);
    message.add_bytes(kNodeOutput, node.output);
    message.add_bytes(kNodeName, node.name);
    message.add_bytes(kNodeOpType, node.type);
    for (const OnnxAttribute& attribute : node.attributes) {
        ProtobufWriter part;
        part.add_bytes(kAttributeName, attribute.name);
        std::visit(AttributeValueWriter{part}, attribute.value);
        message.add_message(kNodeAttribute, part);
    }
    message_.add_message(kGraphNode, message);
}

void OnnxGraph::add_floats(const std::string& name, const OnnxDims& dims, const std::vector<float>& numbers) {
    message_.add_message(kGraphInitializer, tensor_message(name, dims, OnnxType::float32, numbers));
}

void OnnxGraph::add_integers(const std::string& name, const OnnxDims& dims, const std::vector<std::int64_t>& numbers) {
    message_.add_message(kGraphInitializer, tensor_message(name, dims, OnnxType::int64, numbers));
}

void OnnxGraph::add_bytes(const std::string& name, const OnnxDims& dims, const std::vector<std::uint8_t>& numbers) {
    message_.add_message(kGraphInitializer, tensor_message(name, dims, OnnxType::uint8, numbers));
}

void OnnxGraph::add_signed_bytes(const std::string& name, const OnnxDims& dims,
                                 const std::vector<std::int8_t>& numbers) {
    message_.add_message(kGraphInitializer, tensor_message(name, dims, OnnxType::int8, numbers));
}

void OnnxGraph::add_input(const std::string& name, const OnnxDims& dims) {
    message_.add_message(kGraphInput, value_message(name, dims));
}

void OnnxGraph::add_output(const std::string& name, const OnnxDims& dims) {
    message_.add_message(kGraphOutput, value_message(name, dims));
}

void OnnxGraph::add_value(const std::string& name, const OnnxDims& dims) {
    message_.add_message(kGraphValueInfo, value_message(name, dims));
}

} // namespace banyan
