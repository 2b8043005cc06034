#include "graph/quantized_weight.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/check.h"

namespace banyan {

namespace {

constexpr float kMostSteps = 127; // -128 is never used, so that w and -w are equally exact

/// Numbers of one output channel.
std::size_t channel_size(const std::vector<std::int64_t>& shape, std::size_t count) {
    return count / static_cast<std::size_t>(shape.at(0));
}

float scale_of(float largest) {
    return largest > 0 ? std::max(largest / kMostSteps, std::numeric_limits<float>::min()) : 1.0F;
}

} // namespace

std::vector<float> channel_scales(const std::string& name, const HostTensor& weight) {
    BANYAN_CHECK(!weight.shape.empty() && weight.shape[0] > 0 &&
                     weight.count() == static_cast<std::int64_t>(weight.data.size()),
                 "quantisation of \"", name, "\": its value has the wrong size");
    const std::size_t size = channel_size(weight.shape, weight.data.size());
    std::vector<float> scales;
    for (std::size_t begin = 0; begin < weight.data.size(); begin += size) {
        float largest = 0;
        for (std::size_t i = begin; i < begin + size; ++i) {
            const float w = weight.data[i];
            BANYAN_CHECK(std::isfinite(w), "quantisation of \"", name, "\": expected finite weights, found ", w,
                         " in output channel ", begin / size);
            largest = std::max(largest, std::fabs(w));
        }
        scales.push_back(scale_of(largest));
    }
    return scales;
}

QuantizedWeight quantize_weight(const std::string& name, const HostTensor& weight) {
    QuantizedWeight result{weight.shape, {}, channel_scales(name, weight)};
    const std::size_t size = channel_size(weight.shape, weight.data.size());
    for (std::size_t i = 0; i < weight.data.size(); ++i) {
        const float steps = std::nearbyint(weight.data[i] / result.scales[i / size]);
        result.data.push_back(static_cast<std::int8_t>(std::clamp(steps, -kMostSteps, kMostSteps)));
    }
    return result;
}

HostTensor dequantize_weight(const QuantizedWeight& quantized) {
    HostTensor result{quantized.shape, {}};
    const std::size_t size = channel_size(quantized.shape, quantized.data.size());
    for (std::size_t i = 0; i < quantized.data.size(); ++i) {
        result.data.push_back(static_cast<float>(quantized.data[i]) * quantized.scales[i / size]);
    }
    return result;
}

} // namespace banyan
