#include "graph/onnx_call.h"

namespace banyan {

namespace {

std::string nth_input(std::size_t input) { return "its input " + std::to_string(input + 1); }

} // namespace

std::string OnnxCall::name() const {
    if (!op.name.empty()) return op.name;
    return op.outputs.empty() || op.outputs[0].empty() ? op.type : op.outputs[0];
}

const OnnxSymbol& OnnxCall::symbol(std::size_t input) const {
    if (!has(input)) refuse_onnx(nth_input(input) + " is missing");
    return *inputs[input];
}

const OnnxView& OnnxCall::view(std::size_t input) const {
    const auto* found = std::get_if<OnnxView>(&symbol(input));
    if (found == nullptr) refuse_onnx(nth_input(input) + " is a constant or a rounded value", "a map of the network");
    return *found;
}

const OnnxTensor& OnnxCall::constant(std::size_t input) const {
    const auto* found = std::get_if<OnnxTensor>(&symbol(input));
    if (found == nullptr) refuse_onnx(nth_input(input) + " is computed from the picture", "a constant");
    return *found;
}

HostTensor OnnxCall::floats(std::size_t input, std::size_t rank) const {
    const OnnxTensor& tensor = constant(input);
    if (tensor.type != OnnxType::float32 || tensor.dims.size() != rank) {
        refuse_onnx(nth_input(input) + " is a constant of another kind",
                    "float32 of " + std::to_string(rank) + " axes");
    }
    return {tensor.dims, tensor.to_floats()};
}

std::vector<std::int64_t> OnnxCall::integers(std::size_t input) const {
    const OnnxTensor& tensor = constant(input);
    if (tensor.type == OnnxType::float32 || tensor.dims.size() > 1) {
        refuse_onnx(nth_input(input) + " is a constant of another kind", "a list of integers");
    }
    return tensor.to_integers();
}

float OnnxCall::number(std::size_t input) const {
    const OnnxTensor& tensor = constant(input);
    if (tensor.type != OnnxType::float32 || tensor.count() != 1) {
        refuse_onnx(nth_input(input) + " is a constant of another kind", "one float32 number");
    }
    return tensor.to_floats()[0];
}

std::vector<std::int64_t> OnnxCall::integers(const std::string& argument, std::size_t input) const {
    return has(input) ? integers(input) : op.integers(argument);
}

std::size_t OnnxCall::axis(std::int64_t axis, std::size_t rank) {
    const auto count = static_cast<std::int64_t>(rank);
    if (axis < -count || axis >= count) {
        refuse_onnx("axis " + std::to_string(axis) + " of a tensor of " + std::to_string(rank) + " axes");
    }
    return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

} // namespace banyan
