#include "graph/onnx_model.h"

#include <cstring>
#include <limits>
#include <set>
#include <utility>

#include "core/error.h"
#include "graph/onnx_fields.h"
#include "graph/protobuf_reader.h"

namespace banyan {

namespace {

constexpr std::size_t kMostAxes = 16;
constexpr std::size_t kMostNumbers = std::numeric_limits<std::int32_t>::max(); // bytes of a message

using namespace onnx;

std::size_t bytes_of(OnnxType type) {
    switch (type) {
    case OnnxType::float32:
    case OnnxType::int32: return 4;
    case OnnxType::int64: return 8;
    case OnnxType::uint8:
    case OnnxType::int8:
    case OnnxType::boolean: break;
    }
    return 1;
}

bool is_known(std::int64_t type) {
    for (const OnnxType known :
         {OnnxType::float32, OnnxType::uint8, OnnxType::int8, OnnxType::int32, OnnxType::int64, OnnxType::boolean}) {
        if (type == static_cast<std::int64_t>(known)) return true;
    }
    return false;
}

template <typename Number>
std::vector<std::int64_t> widened(std::string_view raw) {
    std::vector<std::int64_t> numbers;
    numbers.reserve(raw.size() / sizeof(Number));
    for (std::size_t at = 0; at + sizeof(Number) <= raw.size(); at += sizeof(Number)) {
        Number number{};
        std::memcpy(&number, raw.data() + at, sizeof number);
        numbers.push_back(static_cast<std::int64_t>(number));
    }
    return numbers;
}

/// Numbers that the dims tell of; nothing where they are negative or too many.
bool has_count(const OnnxDims& dims, std::size_t count) {
    std::size_t product = 1;
    for (const std::int64_t extent : dims) {
        if (extent < 0 || static_cast<std::uint64_t>(extent) > kMostNumbers) return false;
        product *= static_cast<std::size_t>(extent);
        if (product > kMostNumbers) return false;
    }
    return product == count;
}

void check_size(const ProtobufReader& reader, const OnnxTensor& tensor) {
    const std::size_t lists = (tensor.floats.empty() ? 0U : 1U) + (tensor.integers.empty() ? 0U : 1U);
    if (lists + (tensor.raw.empty() ? 0U : 1U) > 1) reader.fail("tensor \"" + tensor.name + "\" has two lists of data");
    const bool is_float = tensor.type == OnnxType::float32;
    if (is_float ? !tensor.integers.empty() : !tensor.floats.empty()) {
        reader.fail("tensor \"" + tensor.name + "\" has data of another type");
    }
    const std::size_t numbers =
        tensor.raw.empty() ? tensor.floats.size() + tensor.integers.size() : tensor.raw.size() / bytes_of(tensor.type);
    if (tensor.raw.size() % bytes_of(tensor.type) != 0 || !has_count(tensor.dims, numbers)) {
        reader.fail("tensor \"" + tensor.name + "\" has other numbers than its dims tell");
    }
}

OnnxTensor read_tensor(ProtobufReader reader) {
    OnnxTensor tensor;
    std::int64_t type = 0;
    const ProtobufReader start = reader;
    while (reader.next()) {
        switch (reader.field()) {
        case kTensorDims: reader.append_to(tensor.dims, kMostAxes); break;
        case kTensorDataType: type = reader.integer(); break;
        case kTensorFloats: reader.append_to(tensor.floats, kMostNumbers); break;
        case kTensorInt32s:
        case kTensorInt64s: reader.append_to(tensor.integers, kMostNumbers); break;
        case kTensorName: tensor.name = reader.text(); break;
        case kTensorRawData: tensor.raw = reader.bytes(); break;
        case kTensorSegment: reader.fail("tensors in segments are not understood");
        case kTensorExternalData:
        case kTensorDataLocation:
            if (reader.field() == kTensorDataLocation && reader.integer() == 0) break;
            reader.fail("tensor \"" + tensor.name +
                        "\" lies in another file, which is not read; save the model as one file");
        default: break;
        }
    }
    if (!is_known(type)) {
        start.fail("tensor \"" + tensor.name + "\" is of element type " + std::to_string(type) +
                   "; float32, int8, uint8, int32, int64 and bool are understood");
    }
    tensor.type = static_cast<OnnxType>(type);
    check_size(start, tensor);
    return tensor;
}

OnnxArgument read_argument(ProtobufReader reader, std::string& name) {
    OnnxArgument argument;
    while (reader.next()) {
        switch (reader.field()) {
        case kAttributeName: name = reader.text(); break;
        case kAttributeFloat: argument.real = reader.real(); break;
        case kAttributeInt: argument.integer = reader.integer(); break;
        case kAttributeString: argument.text = reader.text(); break;
        case kAttributeTensor: argument.tensors.assign(1, read_tensor(reader.message())); break;
        case kAttributeGraph:
        case kAttributeGraphs: argument.is_graph = true; break;
        case kAttributeFloats: reader.append_to(argument.reals, kMostNumbers); break;
        case kAttributeInts: reader.append_to(argument.integers, kMostNumbers); break;
        default: break;
        }
    }
    return argument;
}

OnnxOperator read_operator(ProtobufReader reader) {
    OnnxOperator op;
    while (reader.next()) {
        switch (reader.field()) {
        case kNodeInput: op.inputs.push_back(reader.text()); break;
        case kNodeOutput: op.outputs.push_back(reader.text()); break;
        case kNodeName: op.name = reader.text(); break;
        case kNodeOpType: op.type = reader.text(); break;
        case kNodeDomain: op.domain = reader.text(); break;
        case kNodeAttribute: {
            std::string name;
            OnnxArgument argument = read_argument(reader.message(), name);
            if (!op.arguments.emplace(name, std::move(argument)).second) reader.fail("an attribute stands there twice");
            break;
        }
        default: break;
        }
    }
    return op;
}

OnnxDims read_shape(ProtobufReader reader) {
    OnnxDims dims;
    while (reader.next()) {
        if (reader.field() != kShapeDim) continue;
        if (dims.size() == kMostAxes) reader.fail("a shape of more than " + std::to_string(kMostAxes) + " axes");
        std::int64_t extent = -1;
        ProtobufReader dimension = reader.message();
        while (dimension.next()) {
            if (dimension.field() == kDimensionValue) extent = dimension.integer();
        }
        dims.push_back(extent < 0 ? -1 : extent);
    }
    return dims;
}

OnnxValueInfo read_value_info(ProtobufReader reader) {
    OnnxValueInfo info;
    while (reader.next()) {
        if (reader.field() == kValueInfoName) info.name = reader.text();
        if (reader.field() != kValueInfoType) continue;
        ProtobufReader type = reader.message();
        while (type.next()) {
            if (type.field() != kTypeTensor) continue;
            ProtobufReader tensor = type.message();
            while (tensor.next()) {
                if (tensor.field() == kTensorTypeElement) info.element_type = tensor.integer();
                if (tensor.field() == kTensorTypeShape) info.dims = read_shape(tensor.message());
            }
        }
    }
    return info;
}

void read_graph(ProtobufReader reader, OnnxModel& model) {
    std::vector<OnnxValueInfo> inputs;
    while (reader.next()) {
        switch (reader.field()) {
        case kGraphNode: model.operators.push_back(read_operator(reader.message())); break;
        case kGraphInitializer: {
            OnnxTensor tensor = read_tensor(reader.message());
            const std::string name = tensor.name;
            if (name.empty()) reader.fail("an initializer has no name");
            if (!model.initializers.emplace(name, std::move(tensor)).second) {
                reader.fail("initializer \"" + name + "\" stands there twice");
            }
            break;
        }
        case kGraphInput: inputs.push_back(read_value_info(reader.message())); break;
        case kGraphOutput: model.outputs.push_back(read_value_info(reader.message())); break;
        case kGraphSparseInitializer: reader.fail("sparse initializers are not understood");
        default: break;
        }
    }
    for (OnnxValueInfo& input : inputs) { // IR 3 lists the initializers among the inputs
        if (!model.initializers.contains(input.name)) model.inputs.push_back(std::move(input));
    }
}

/// Adds what an OperatorSetIdProto tells.
void read_opset(ProtobufReader reader, OnnxModel& model) {
    std::string domain;
    std::int64_t version = 0;
    while (reader.next()) {
        if (reader.field() == kOpsetDomain) domain = reader.text();
        if (reader.field() == kOpsetVersion) version = reader.integer();
    }
    if (domain.empty() || domain == "ai.onnx") model.opset = version;
}

} // namespace

std::int64_t OnnxTensor::count() const {
    std::int64_t product = 1;
    for (const std::int64_t extent : dims) product *= extent;
    return product;
}

std::vector<float> OnnxTensor::to_floats() const {
    if (raw.empty()) return floats;
    std::vector<float> numbers(raw.size() / sizeof(float));
    std::memcpy(numbers.data(), raw.data(), raw.size());
    return numbers;
}

std::vector<std::int64_t> OnnxTensor::to_integers() const {
    if (raw.empty()) return integers;
    switch (type) {
    case OnnxType::int64: return widened<std::int64_t>(raw);
    case OnnxType::int32: return widened<std::int32_t>(raw);
    case OnnxType::int8: return widened<std::int8_t>(raw);
    case OnnxType::uint8:
    case OnnxType::boolean:
    case OnnxType::float32: break;
    }
    return widened<std::uint8_t>(raw);
}

const OnnxArgument* OnnxOperator::find(const std::string& argument) const {
    const auto found = arguments.find(argument);
    return found == arguments.end() ? nullptr : &found->second;
}

std::int64_t OnnxOperator::integer(const std::string& argument, std::int64_t otherwise) const {
    const OnnxArgument* found = find(argument);
    return found == nullptr ? otherwise : found->integer;
}

float OnnxOperator::real(const std::string& argument, float otherwise) const {
    const OnnxArgument* found = find(argument);
    return found == nullptr ? otherwise : found->real;
}

std::string OnnxOperator::text(const std::string& argument, const std::string& otherwise) const {
    const OnnxArgument* found = find(argument);
    return found == nullptr ? otherwise : found->text;
}

std::vector<std::int64_t> OnnxOperator::integers(const std::string& argument) const {
    const OnnxArgument* found = find(argument);
    return found == nullptr ? std::vector<std::int64_t>{} : found->integers;
}

OnnxModel read_onnx_model(std::string_view bytes, const std::string& file_name) {
    OnnxModel model;
    bool has_graph = false;
    ProtobufReader reader(bytes, file_name);
    while (reader.next()) {
        if (reader.field() == kModelOpsetImport) read_opset(reader.message(), model);
        if (reader.field() != kModelGraph) continue;
        if (has_graph) reader.fail("the file has two graphs");
        has_graph = true;
        read_graph(reader.message(), model);
    }
    if (!has_graph) reader.fail("the file has no graph");
    if (model.opset < 1) reader.fail("the file does not tell the opset of its operators");
    return model;
}

} // namespace banyan
