#include "engine/output_cells.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/check.h"
#include "core/vector_widths.h"
#include "engine/bfloat16.h"

namespace banyan {

namespace {

/// out += x * W, rows of W for inputs of 0 left out: behind a relu those are many.
BANYAN_VECTOR_WIDTHS void add_products(const float* in, std::size_t inputs, const float* weights, float* out,
                                       std::size_t outputs) {
    for (std::size_t i = 0; i < inputs; ++i, weights += outputs) {
        const float number = in[i];
        if (number == 0) continue;
#pragma omp simd
        for (std::size_t o = 0; o < outputs; ++o) out[o] += number * weights[o];
    }
}

std::vector<float> stored_cell(const ValueMemory& memory, std::size_t cell) {
    const auto channels = static_cast<std::size_t>(memory.shape.channels);
    const std::byte* data = memory.data + cell * channels * bytes_of(memory.storage.type);
    std::vector<float> numbers(channels);
    switch (memory.storage.type) {
    case NumberType::f32: std::copy_n(reinterpret_cast<const float*>(data), channels, numbers.begin()); break;
    case NumberType::bf16:
        std::transform(reinterpret_cast<const std::uint16_t*>(data),
                       reinterpret_cast<const std::uint16_t*>(data) + channels, numbers.begin(), from_bfloat16);
        break;
    case NumberType::u8:
        for (std::size_t c = 0; c < channels; ++c) {
            const int stored = std::to_integer<int>(data[c]);
            numbers[c] = static_cast<float>(stored - memory.storage.zero_point) * memory.storage.scale;
        }
        break;
    }
    return numbers;
}

} // namespace

OutputCells::OutputCells(const ValueMemory& memory, std::shared_ptr<const CellLayer> layer)
    : memory_(memory), layer_(std::move(layer)) {
    if (layer_ == nullptr) {
        BANYAN_CHECK(memory.storage.type == NumberType::f32, "engine: an output that is not float32");
        return;
    }
    BANYAN_CHECK(layer_->inputs == static_cast<std::size_t>(memory.shape.channels), "engine: a layer of ",
                 layer_->inputs, " inputs on a value of ", memory.shape.channels, " channels");
}

std::size_t OutputCells::channels() const {
    return layer_ != nullptr ? layer_->outputs : static_cast<std::size_t>(memory_.shape.channels);
}

void OutputCells::read(std::size_t cell, float* numbers) const {
    if (layer_ == nullptr) {
        const std::size_t count = channels();
        std::copy_n(reinterpret_cast<const float*>(memory_.data) + cell * count, count, numbers);
        return;
    }
    const std::vector<float> in = stored_cell(memory_, cell);
    std::copy(layer_->biases.begin(), layer_->biases.end(), numbers);
    add_products(in.data(), layer_->inputs, layer_->weights.data(), numbers, layer_->outputs);
}

} // namespace banyan
