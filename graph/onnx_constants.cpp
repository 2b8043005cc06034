#include "graph/onnx_constants.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace banyan {

namespace {

std::vector<std::int64_t> small_list(const OnnxTensor& constant) {
    if (constant.type == OnnxType::float32 || constant.dims.size() > 1 ||
        constant.count() > static_cast<std::int64_t>(kMostFolded)) {
        refuse_onnx("it computes with constants of another kind", "short lists of integers");
    }
    return constant.to_integers();
}

std::int64_t computed(const std::string& type, std::int64_t a, std::int64_t b) {
    // Extents and places are far below; a product or sum of two such cannot overflow.
    constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
    for (const std::int64_t number : {a, b}) {
        if (number < -kMost || number > kMost) refuse_onnx("it computes with a number of more than 32 bits");
    }
    if (type == "Add") return a + b;
    if (type == "Sub") return a - b;
    if (type == "Mul") return a * b;
    if (b == 0) refuse_onnx("it divides by 0");
    return a / b;
}

/// For each number of a tensor its place on `axis`.
class AxisPlaces {
public:
    AxisPlaces(const OnnxDims& dims, std::size_t axis) : extent_(static_cast<std::size_t>(dims[axis])) {
        for (std::size_t a = axis + 1; a < dims.size(); ++a) inner_ *= static_cast<std::size_t>(dims[a]);
    }
    std::size_t at(std::size_t index) const { return index / inner_ % extent_; }

private:
    std::size_t extent_, inner_ = 1;
};

} // namespace

OnnxTensor integer_constant(std::vector<std::int64_t> numbers, bool is_number) {
    OnnxTensor constant;
    constant.type = OnnxType::int64;
    if (!is_number) constant.dims = {std::ssize(numbers)};
    constant.integers = std::move(numbers);
    return constant;
}

OnnxTensor with_dims(OnnxTensor constant, const OnnxDims& dims) {
    constant.dims = dims;
    return constant;
}

OnnxTensor taken(const OnnxTensor& constant, const std::vector<std::int64_t>& places) {
    const std::vector<std::int64_t> numbers = small_list(constant);
    std::vector<std::int64_t> chosen;
    for (const std::int64_t place : places) chosen.push_back(numbers.at(static_cast<std::size_t>(place)));
    return integer_constant(std::move(chosen));
}

OnnxTensor joined(const OnnxCall& call) {
    std::vector<std::int64_t> numbers;
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
        const std::vector<std::int64_t> part = small_list(call.constant(i));
        if (call.constant(i).dims.size() != 1 || numbers.size() + part.size() > kMostFolded) {
            refuse_onnx("it joins constants of another kind", "short lists of integers");
        }
        numbers.insert(numbers.end(), part.begin(), part.end());
    }
    return integer_constant(std::move(numbers));
}

OnnxTensor computed(const OnnxCall& call) {
    std::vector<std::int64_t> a = small_list(call.constant(0)), b = small_list(call.constant(1));
    const std::size_t count = std::max(a.size(), b.size());
    const bool is_number = call.constant(0).dims.empty() && call.constant(1).dims.empty();
    if (a.size() == 1) a.resize(count, a[0]);
    if (b.size() == 1) b.resize(count, b[0]);
    if (a.size() != b.size()) refuse_onnx("it computes with lists of different length");
    for (std::size_t i = 0; i < count; ++i) a[i] = computed(call.op.type, a[i], b[i]);
    return integer_constant(std::move(a), is_number);
}

OnnxTensor dequantized(const OnnxCall& call) {
    const OnnxTensor& bytes = call.constant(0);
    const OnnxTensor& scale = call.constant(1);
    if (bytes.type == OnnxType::float32 || scale.type != OnnxType::float32 || scale.dims.size() > 1) {
        refuse_onnx("its constants are of another kind", "integers, and one scale or one for each place of an axis");
    }
    const std::vector<std::int64_t> numbers = bytes.to_integers();
    std::vector<float> scales = scale.to_floats();
    std::vector<std::int64_t> zeros =
        call.has(2) ? call.integers(2) : std::vector<std::int64_t>(std::max<std::size_t>(scales.size(), 1), 0);
    const bool by_axis = scales.size() != 1;
    const std::size_t axis = by_axis ? OnnxCall::axis(call.op.integer("axis", 1), bytes.dims.size()) : 0;
    const bool fits = !by_axis || static_cast<std::size_t>(bytes.dims[axis]) == scales.size();
    if (!fits || zeros.size() != scales.size() || scales.empty()) refuse_onnx("its scales or zero points do not fit");
    OnnxTensor result;
    result.dims = bytes.dims;
    result.floats.reserve(numbers.size());
    const AxisPlaces places(by_axis ? bytes.dims : OnnxDims{1}, axis);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const std::size_t place = by_axis ? places.at(i) : 0;
        const double distance = static_cast<double>(numbers[i]) - static_cast<double>(zeros[place]);
        result.floats.push_back(static_cast<float>(distance) * scales[place]);
    }
    return result;
}

} // namespace banyan
