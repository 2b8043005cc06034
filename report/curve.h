#pragma once

#include <cstddef>
#include <vector>

namespace banyan {

/// A place of a curve. A y that is not finite is a gap.
struct CurvePoint {
    double x = 0;
    double y = 0;
};

using Curve = std::vector<CurvePoint>;

/// Exponential moving average with the start's bias taken out: m = w m + (1 - w) y, shown m / (1 - w^n).
/// `weight` in [0, 1), 0 changes nothing. Gaps stay gaps and leave the average as it is.
Curve smooth_curve(const Curve& curve, double weight);

/// At most about 4 points for each of `columns` equal parts of the x range: first, lowest, highest and last of each, so
/// that the drawn line looks the same. x must not fall. Gaps are kept.
Curve thin_curve(const Curve& curve, std::size_t columns);

} // namespace banyan
