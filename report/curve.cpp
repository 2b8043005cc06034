#include "report/curve.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace banyan {
namespace {

using Place = Curve::const_iterator;

/// Appends first, lowest, highest and last of [begin, end), and one gap where there was any, in order.
void append_extremes(Curve& target, Place begin, Place end) {
    const auto is_gap = [](const CurvePoint& point) { return !std::isfinite(point.y); };
    std::vector<Place> kept = {begin, end - 1};
    const Place gap = std::find_if(begin, end, is_gap);
    if (gap != end) kept.push_back(gap);
    Place lowest = end, highest = end;
    for (Place at = begin; at != end; ++at) {
        if (is_gap(*at)) continue;
        if (lowest == end || at->y < lowest->y) lowest = at;
        if (highest == end || at->y > highest->y) highest = at;
    }
    if (lowest != end) kept.insert(kept.end(), {lowest, highest});
    std::sort(kept.begin(), kept.end());
    kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
    for (const Place at : kept) target.push_back(*at);
}

} // namespace

Curve smooth_curve(const Curve& curve, double weight) {
    BANYAN_CHECK(weight >= 0 && weight < 1, "smoothing must be in [0, 1), got ", weight);
    Curve result = curve;
    double mean = 0;
    double missing = 1; // weight^n
    for (CurvePoint& point : result) {
        if (!std::isfinite(point.y)) continue;
        mean = weight * mean + (1 - weight) * point.y;
        missing *= weight;
        point.y = mean / (1 - missing);
    }
    return result;
}

Curve thin_curve(const Curve& curve, std::size_t columns) {
    if (columns == 0 || curve.size() <= 4 * columns) return curve;
    const double first = curve.front().x;
    const double span = curve.back().x - first;
    const auto column = [&](const CurvePoint& point) {
        return span > 0 ? std::floor((point.x - first) / span * static_cast<double>(columns)) : 0.0;
    };
    Curve result;
    for (Place begin = curve.begin(); begin != curve.end();) {
        const double here = column(*begin);
        const Place end = std::find_if(begin, curve.end(), [&](const CurvePoint& p) { return column(p) != here; });
        append_extremes(result, begin, end);
        begin = end;
    }
    return result;
}

} // namespace banyan
