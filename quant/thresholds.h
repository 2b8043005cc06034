#pragma once

#include <vector>

#include "graph/enum_names.h"
#include "quant/histogram.h"
#include "quant/quantization.h"

namespace banyan {

/// How the range of a tensor is chosen. "Numbers" are the finite ones that are not zero: zero is exact in any range.
enum class RangeMethod {
    min_max,    ///< all that was seen: [min, max]; s8: [-m, m] with m = max |x|
    percentile, ///< all but a share of the largest numbers, see RangeOptions
    mse,        ///< the range with the least mean squared error of rounding and clipping (QuantizationError)
    kl,         ///< TensorRT's entropy calibration (entropy_threshold)
    best        ///< of RangeOptions::candidates the one with the best SQNR
};
const NameTable<RangeMethod>& range_method_names();

struct RangeOptions {
    IntegerType type = IntegerType::u8;
    double percentile = 99.99; ///< in (0, 100]: share of the numbers that is kept
    /// Of `best`; the first of equal ones is taken. `mse` looks for the same error and can hardly be beaten; without it
    /// `best` tells which of the rules that need no error did well.
    std::vector<RangeMethod> candidates{RangeMethod::min_max, RangeMethod::percentile, RangeMethod::mse,
                                        RangeMethod::kl};
};

/// The range in which a tensor is to be quantised: inside the histogram's [low, high], zero included. Of s8 it is
/// [-t, t], with t found on the histogram of |x|.
///
/// Of u8, where a tensor has numbers on both sides of zero:
///   percentile  each end gives up half of the share
///   mse         both ends are searched together, coarse to fine (least_error_range)
///   kl          t is the threshold of |x|, and the range [-t, t] cut to [min, max]. Shrinking both ends apart from
///               each other would cost O(bins^3), and KL of two tails has no source. |x| gets as many levels as the
///               longer side of [min, max] has integers, 1 + floor(255 * max(-min, max) / (max - min)): 128 for a
///               symmetric tensor, as of s8, and 256 for a one-sided one.
///
/// @throws CheckError the tensor, which is named, had NaN, infinities or no numbers at all; options out of range
/// Cost: of kl and mse 2 ms to 5 ms with 2,048 bins a side.
QuantRange choose_range(const Histogram& histogram, RangeMethod method, const RangeOptions& options = {});

} // namespace banyan
