#include "image/pixel_lines.h"

#include <algorithm>
#include <cmath>

namespace banyan {

namespace {

std::int64_t to_fixed(double value) { return std::llround(std::ldexp(value, PixelLine::kFractionBits)); }

std::int64_t floor_of_quotient(std::int64_t value, std::int64_t divisor) {
    const std::int64_t quotient = value / divisor;
    return quotient * divisor > value ? quotient - 1 : quotient;
}

} // namespace

PixelSpan PixelLine::columns_below(int limit, PixelSpan columns) const {
    const std::int64_t end = static_cast<std::int64_t>(limit) << kFractionBits;
    if (step == 0) return start >= 0 && start < end ? columns : PixelSpan{columns.x0, columns.x0};
    // Rising: from ceil(-start / step) to below ceil((end - start) / step); falling: the mirror image of that.
    const std::int64_t rise = std::abs(step);
    const std::int64_t first = step > 0 ? -floor_of_quotient(start, rise) : floor_of_quotient(start - end, rise) + 1;
    const std::int64_t last = step > 0 ? -floor_of_quotient(start - end, rise) : floor_of_quotient(start, rise) + 1;
    const auto within = [&](std::int64_t column) {
        return static_cast<int>(std::clamp<std::int64_t>(column, columns.x0, columns.x1));
    };
    return {within(first), within(last)};
}

PixelLines::PixelLines(const Placement& placement, int row, double pixel) {
    const Turn& turn = placement.turn; // of determinant 1: the inverse is (yy, -xy; -yx, xx)
    const double unit = placement.scale * pixel;
    const double u = (0.5 - placement.offset_x) / unit;
    const double v = (row + 0.5 - placement.offset_y) / unit;
    x = {to_fixed(turn.yy * u - turn.xy * v), to_fixed(turn.yy / unit)};
    y = {to_fixed(turn.xx * v - turn.yx * u), to_fixed(-turn.yx / unit)};
}

} // namespace banyan
