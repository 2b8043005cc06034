#include "quant/weight_quantization.h"

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

} // namespace banyan
