#pragma once

#include <string>
#include <variant>
#include <vector>

#include "graph/onnx_model.h"
#include "graph/onnx_network.h"
#include "graph/onnx_view.h"

namespace banyan {

/// What QuantizeLinear makes of a view: bytes, which only DequantizeLinear of the same scale can read.
struct OnnxRounded {
    OnnxView view;
    FakeQuantAttributes quant; ///< of unsigned bytes
};

/// What stands for a tensor of the file while its operators are gone through: a constant, or numbers of the network.
using OnnxSymbol = std::variant<OnnxTensor, OnnxView, OnnxRounded>;
using OnnxSymbols = std::vector<OnnxSymbol>;

/// One operator with what stands for its inputs.
struct OnnxCall {
    const OnnxOperator& op;
    std::vector<const OnnxSymbol*> inputs; ///< nullptr: left out
    std::int64_t opset = 0;

    std::string name() const; ///< of the node, or else of its first output
    bool has(std::size_t input) const { return input < inputs.size() && inputs[input] != nullptr; }
    bool is_constant(std::size_t input) const {
        return has(input) && std::holds_alternative<OnnxTensor>(*inputs[input]);
    }
    bool is_view(std::size_t input) const { return has(input) && std::holds_alternative<OnnxView>(*inputs[input]); }

    /// @throws ModelFileError the input is left out or something else (so all of the following)
    const OnnxSymbol& symbol(std::size_t input) const;
    const OnnxView& view(std::size_t input) const;
    const OnnxTensor& constant(std::size_t input) const;
    /// A float32 constant. @param rank its number of axes
    HostTensor floats(std::size_t input, std::size_t rank) const;
    /// The numbers of an integer constant of at most one axis.
    std::vector<std::int64_t> integers(std::size_t input) const;
    /// The only number of a float32 constant.
    float number(std::size_t input) const;
    /// Integers of an attribute in old opsets and of an input in newer ones; {}: left out.
    std::vector<std::int64_t> integers(const std::string& argument, std::size_t input) const;

    /// An axis in [0, rank), counted from the end if negative. @throws ModelFileError it is out of range
    static std::size_t axis(std::int64_t axis, std::size_t rank);
};

using OnnxImporter = OnnxSymbols (*)(const OnnxCall&, OnnxNetwork&);

} // namespace banyan
