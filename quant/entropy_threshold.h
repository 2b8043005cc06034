#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace banyan {

/// How many bins of a histogram of |x| to keep so that quantised numbers are distributed most like the tensor's own:
/// TensorRT's entropy calibration. For each i from `levels` to the bin count
///   P = the first i bins, what lies behind them added to the last one: clipped numbers keep their weight
///   Q = the first i bins without that, merged into `levels` groups (bin j into group floor(j * levels / i)), each
///       group spread evenly over those of its bins that are not empty
/// and the i of the least KL(P || Q) = sum over P > 0 of P log(P / Q), both of sum 1, is taken; of equal ones the
/// largest. KL tells nothing of how wide bins are, so the scale of the tensor does not matter.
///
/// Source: S. Migacz, "8-bit Inference with TensorRT", GTC 2017: pseudocode of the loop, and the spreading over bins
/// that are not empty. TensorRT's own code is not public, and the slides leave open what follows:
///   the first bin     takes the second one's count, as NVIDIA's pytorch-quantization does: what a relu leaves near
///                     zero, which any range represents well, would outweigh the rest
///   smoothing         P > 0 meets Q = 0 only where bin i - 1 is empty and numbers are clipped. There Q gets a
///   millionth
///                     of its sum, as if one number in a million lay there. Without (pytorch-quantization) the
///                     divergence is infinite, and a far outlier behind nothing but empty bins could not be clipped;
///                     MXNet smooths all empty bins of both with 0.0001.
///   the threshold     is the upper edge of bin i - 1, as in pytorch-quantization; the slides have its middle
///   the last i        keeps all bins; the slides stop before it, and could not keep an exact range
///
/// @param magnitudes numbers in each bin of |x|, from zero on
/// @param levels     integers for [0, threshold]: 128 for s8, 256 for u8 from zero on
/// @return           in [min(levels, bins), bins]; all bins when they are empty
/// @throws CheckError no levels
/// Cost: O(bins * levels) by sums over the first bins; about 3 ms for 2,048 and 256.
std::size_t entropy_threshold(std::span<const std::int64_t> magnitudes, std::size_t levels);

} // namespace banyan
