#pragma once

#include <vector>

#include "quant/histogram.h"
#include "quant/quantization.h"

namespace banyan {

/// Measures what a quantisation loses of a tensor, from its histogram: the numbers of a bin are taken to lie evenly
/// over it, zeros are exact. Rounding inside the range and clipping outside it both count.
///
/// Sums of x^0, x^1 and x^2 up to every edge are kept, so that one quantisation costs no more than its 256 integers:
/// the numbers rounded to the value v contribute sum(x^2) - 2 v sum(x) + v^2 sum(1). About 2 µs a quantisation.
class QuantizationError {
public:
    explicit QuantizationError(const Histogram& histogram);

    /// Sum over all numbers of (x - dequantize(quantize(x)))^2.
    double squared(const Quantization& quantization, IntegerType type) const;
    /// Sum of x^2.
    double signal() const { return up_to_edge_.back().second; }

private:
    struct PowerSums {
        double count = 0, first = 0, second = 0; ///< sums of 1, x and x^2
    };
    PowerSums up_to(double x) const;

    double width_ = 1, zero_bin_ = 0;
    std::vector<double> counts_;
    std::vector<PowerSums> up_to_edge_; ///< [bins + 1]
};

/// Signal to quantisation noise, 10 log10(signal / noise) in dB; infinity when nothing is lost.
/// @param signal sum of x^2  @param noise sum of squared errors
double sqnr_db(double signal, double noise);
/// That of a tensor quantised to a range. @throws CheckError not low <= 0 <= high
double sqnr_db(const Histogram& histogram, const QuantRange& range, IntegerType type);

/// Share of all numbers, zeros included, that lie in bins outside the range; 0 of an empty histogram.
double clipped_share(const Histogram& histogram, const QuantRange& range);

} // namespace banyan
