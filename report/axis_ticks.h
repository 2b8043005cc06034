#pragma once

#include <string>
#include <vector>

namespace banyan {

struct Tick {
    double value = 0;
    std::string label;
};

/// An axis from `low` to `high`, both finite and low < high, with ticks inside it.
struct AxisTicks {
    double low = 0;
    double high = 1;
    std::vector<Tick> ticks;
};

/// Round ticks (1, 2 or 5 times a power of ten apart), about `wanted` of them; the axis is widened to end at ticks.
/// Equal or unordered limits get some room.
AxisTicks linear_ticks(double low, double high, int wanted);

/// The same without widening: ticks inside [low, high] only.
AxisTicks inner_ticks(double low, double high, int wanted);

/// Ticks at powers of ten, and at 2 and 5 times them when the axis spans few; limits must be positive.
AxisTicks log_ticks(double low, double high);

/// `value` with `decimals` decimals; independent of the locale. "-0.0" is written "0.0", non-finite values "–".
std::string format_fixed(double value, int decimals);

/// Short form with at most `digits` significant ones: "0.00125", "12.5", "3.4e-07".
std::string format_short(double value, int digits = 4);

} // namespace banyan
