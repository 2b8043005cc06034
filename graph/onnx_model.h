#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "graph/onnx_graph.h"

namespace banyan {

/// Element types of ONNX's TensorProto that are understood; the numbers are those of onnx.proto.
enum class OnnxType { float32 = 1, uint8 = 2, int8 = 3, int32 = 6, int64 = 7, boolean = 9 };

/// A constant tensor, row-major. Its size fits its dims; the numbers are unpacked when asked for.
struct OnnxTensor {
    std::string name;
    OnnxType type = OnnxType::float32;
    OnnxDims dims;                      ///< {} is a single number
    std::string_view raw;               ///< little-endian numbers in the file's bytes; empty: one of the following
    std::vector<float> floats;          ///< of float32
    std::vector<std::int64_t> integers; ///< of the others

    std::int64_t count() const;
    /// Precondition: float32.
    std::vector<float> to_floats() const;
    /// Precondition: not float32.
    std::vector<std::int64_t> to_integers() const;
};

/// An attribute as the file has it; which member counts is told by the operator.
struct OnnxArgument {
    std::int64_t integer = 0;
    float real = 0;
    std::string text;
    std::vector<std::int64_t> integers;
    std::vector<float> reals;
    std::vector<OnnxTensor> tensors; ///< at most one
    bool is_graph = false;           ///< a nested graph, which is not read
};

/// One operator as the file has it.
struct OnnxOperator {
    std::string type;   ///< "Conv"
    std::string domain; ///< "" or "ai.onnx": ONNX's own
    std::string name;   ///< may be empty
    std::vector<std::string> inputs, outputs;
    std::map<std::string, OnnxArgument> arguments;

    /// The attribute; nullptr: left out.
    const OnnxArgument* find(const std::string& argument) const;
    std::int64_t integer(const std::string& argument, std::int64_t otherwise) const;
    float real(const std::string& argument, float otherwise) const;
    std::string text(const std::string& argument, const std::string& otherwise) const;
    std::vector<std::int64_t> integers(const std::string& argument) const; ///< {}: left out
};

/// An input or output of the graph; an extent that is not fixed is -1.
struct OnnxValueInfo {
    std::string name;
    std::int64_t element_type = 0;
    OnnxDims dims;
};

/// What an importer needs of an ONNX file.
struct OnnxModel {
    std::int64_t opset = 0; ///< of ONNX's own operators
    std::vector<OnnxOperator> operators;
    std::map<std::string, OnnxTensor> initializers;
    std::vector<OnnxValueInfo> inputs, outputs; ///< inputs: those that are no initializers
};

/// Reads the bytes of a ModelProto; they must outlive the result. Memory is at most a small multiple of the file's
/// size: counts are limited and the size of every tensor is held against its bytes before anything is reserved.
/// @param file_name for messages
/// @throws ModelFileError damaged, no ONNX model, no opset of ONNX's own operators, a tensor whose bytes do not fit its
///         dims or lie in another file, names that are missing or there twice
/// Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
OnnxModel read_onnx_model(std::string_view bytes, const std::string& file_name);

} // namespace banyan
