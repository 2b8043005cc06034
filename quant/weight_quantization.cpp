#include "quant/weight_quantization.h"

#include <algorithm>

#include "core/check.h"
#include "quant/quantization_error.h"

namespace banyan {

std::vector<double> channel_sqnr_db(const HostTensor& weight, const QuantizedWeight& quantized) {
    BANYAN_CHECK(weight.shape == quantized.shape, "channel_sqnr_db: the quantised weight has another shape");
    const HostTensor restored = dequantize_weight(quantized);
    const std::size_t size = weight.data.size() / quantized.scales.size();
    std::vector<double> result;
    for (std::size_t begin = 0; begin < weight.data.size(); begin += size) {
        double signal = 0, noise = 0;
        for (std::size_t i = begin; i < begin + size; ++i) {
            const double w = weight.data[i], error = w - restored.data[i];
            signal += w * w;
            noise += error * error;
        }
        result.push_back(sqnr_db(signal, noise));
    }
    return result;
}

WeightError weight_error(const std::string& name, const HostTensor& weight) {
    const QuantizedWeight quantized = quantize_weight(name, weight);
    const HostTensor restored = dequantize_weight(quantized);
    double signal = 0, noise = 0;
    for (std::size_t i = 0; i < weight.data.size(); ++i) {
        const double w = weight.data[i], error = w - double{restored.data[i]};
        signal += w * w;
        noise += error * error;
    }
    const std::vector<double> channels = channel_sqnr_db(weight, quantized);
    return {sqnr_db(signal, noise), *std::min_element(channels.begin(), channels.end())};
}

} // namespace banyan
