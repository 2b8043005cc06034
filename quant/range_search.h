#pragma once

#include "quant/histogram.h"
#include "quant/quantization.h"
#include "quant/quantization_error.h"

namespace banyan {

/// The range, with ends on edges of the histogram's bins, whose quantisation has the least squared error. s8: ranges
/// [-t, t] only.
///
/// A grid of at most 2,049 pairs of ends is tried, the widest first, then the eight neighbours of the best pair, at
/// half the distance each time none of them is better. One must be better by 1e-9 of the error: of equal ones the first
/// stays. With one end to choose, or at most 44 bins a side, the grid holds every edge and the result is exact.
/// Cost: about 2,500 quantisations (QuantizationError).
QuantRange least_error_range(const Histogram& histogram, IntegerType type);

} // namespace banyan
