#include "quant/weight_quantization.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/check.h"
#include "quant/quantization.h"
#include "quant/quantization_error.h"

namespace banyan {

namespace {

std::size_t channel_count(const std::vector<std::int64_t>& shape) { return static_cast<std::size_t>(shape.at(0)); }

template <typename Number>
std::span<Number> channel_of(std::span<Number> data, std::size_t channels, std::size_t channel) {
    const std::size_t size = data.size() / channels;
    return data.subspan(channel * size, size);
}

Quantization quantization_of_channel(const std::string& name, std::span<const float> weights, std::size_t channel) {
    float largest = 0;
    for (const float w : weights) {
        BANYAN_CHECK(std::isfinite(w), "quantisation of \"", name, "\": expected finite weights, found ", w,
                     " in output channel ", channel);
        largest = std::max(largest, std::fabs(w));
    }
    return quantization_of({-largest, largest}, IntegerType::s8);
}

} // namespace

QuantizedWeight quantize_weight(const std::string& name, const HostTensor& weight) {
    BANYAN_CHECK(!weight.shape.empty() && weight.shape[0] > 0 &&
                     weight.count() == static_cast<std::int64_t>(weight.data.size()),
                 "quantisation of \"", name, "\": its value has the wrong size");
    const std::size_t channels = channel_count(weight.shape);
    QuantizedWeight result{weight.shape, std::vector<std::int8_t>(weight.data.size()), std::vector<float>(channels)};
    for (std::size_t c = 0; c < channels; ++c) {
        const std::span<const float> from = channel_of(std::span(weight.data), channels, c);
        const std::span<std::int8_t> to = channel_of(std::span(result.data), channels, c);
        const Quantization quantization = quantization_of_channel(name, from, c);
        result.scales[c] = quantization.scale;
        std::transform(from.begin(), from.end(), to.begin(),
                       [&](float w) { return static_cast<std::int8_t>(quantize(w, quantization, IntegerType::s8)); });
    }
    return result;
}

HostTensor dequantize_weight(const QuantizedWeight& quantized) {
    HostTensor result{quantized.shape, std::vector<float>(quantized.data.size())};
    const std::size_t channels = channel_count(quantized.shape);
    for (std::size_t c = 0; c < channels; ++c) {
        const std::span<const std::int8_t> from = channel_of(std::span(quantized.data), channels, c);
        const std::span<float> to = channel_of(std::span(result.data), channels, c);
        std::transform(from.begin(), from.end(), to.begin(), [&](std::int8_t integer) {
            return dequantize(integer, {quantized.scales[c], 0});
        });
    }
    return result;
}

std::vector<double> channel_sqnr_db(const HostTensor& weight, const QuantizedWeight& quantized) {
    BANYAN_CHECK(weight.shape == quantized.shape, "channel_sqnr_db: the quantised weight has another shape");
    const HostTensor restored = dequantize_weight(quantized);
    const std::size_t channels = channel_count(weight.shape);
    std::vector<double> result;
    for (std::size_t c = 0; c < channels; ++c) {
        const std::span<const float> before = channel_of(std::span(weight.data), channels, c);
        const std::span<const float> after = channel_of(std::span(restored.data), channels, c);
        double signal = 0, noise = 0;
        for (std::size_t i = 0; i < before.size(); ++i) {
            const double w = before[i], error = w - after[i];
            signal += w * w;
            noise += error * error;
        }
        result.push_back(sqnr_db(signal, noise));
    }
    return result;
}

} // namespace banyan
