#pragma once

#include <algorithm>
#include <cmath>

#include "quant/histogram.h"
#include "quant/quantization.h"

namespace banyan::test {

/// Sum of squared errors bin by bin: each is cut where rounding changes, and each piece integrated by itself.
inline double slow_squared_error(const Histogram& histogram, const Quantization& q, IntegerType type) {
    const double scale = q.scale, width = histogram.bin_width();
    const double lowest = lowest_of(type) - q.zero_point, highest = highest_of(type) - q.zero_point;
    double error = 0;
    for (std::size_t bin = 0; bin < histogram.counts().size(); ++bin) {
        const auto count = static_cast<double>(histogram.counts()[bin]);
        const double end = histogram.edge(bin + 1);
        double from = histogram.edge(bin), step = std::clamp(std::floor(from / scale + 0.5), lowest, highest);
        while (count > 0 && from < end) {
            const double to = step < highest ? std::min(end, (step + 0.5) * scale) : end, value = step * scale;
            error += count / width * (std::pow(to - value, 3) - std::pow(from - value, 3)) / 3;
            from = std::max(to, from);
            step += 1;
        }
    }
    return error;
}

} // namespace banyan::test
