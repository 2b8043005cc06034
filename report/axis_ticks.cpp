#include "report/axis_ticks.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace banyan {
namespace {

/// 1, 2 or 5 times a power of ten, near span / wanted.
double round_step(double span, int wanted) {
    const double raw = span / std::max(1, wanted);
    const double power = std::pow(10.0, std::floor(std::log10(raw)));
    const double lead = raw / power;
    return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

int decimals_of(double step) { return std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9))); }

std::string label_of(double value, double step) {
    const double largest = std::max(std::abs(value), step);
    if (largest >= 1e7 || step < 1e-5) return format_short(value, 6);
    if (step >= 1000 && value != 0) return format_fixed(value / 1000, decimals_of(step / 1000)) + "k";
    return format_fixed(value, decimals_of(step));
}

void make_room(double& low, double& high) {
    if (low > high) std::swap(low, high);
    const double least = 1e-9 * std::max({std::abs(low), std::abs(high), 1e-30});
    if (high - low > least) return;
    const double room = low == 0 ? 0.5 : 0.1 * std::abs(low);
    low -= room;
    high += room;
}

AxisTicks ticks_between(double low, double high, double step) {
    AxisTicks axis{low, high, {}};
    // Counted, not added up: sums of 0.1 drift away from the round values.
    const double first = std::ceil(low / step - 1e-6);
    const double last = std::floor(high / step + 1e-6);
    for (double i = first; i <= last; ++i) axis.ticks.push_back({i * step, label_of(i * step, step)});
    return axis;
}

} // namespace

AxisTicks linear_ticks(double low, double high, int wanted) {
    make_room(low, high);
    const double step = round_step(high - low, wanted);
    return ticks_between(std::floor(low / step + 1e-6) * step, std::ceil(high / step - 1e-6) * step, step);
}

AxisTicks inner_ticks(double low, double high, int wanted) {
    make_room(low, high);
    return ticks_between(low, high, round_step(high - low, wanted));
}

AxisTicks log_ticks(double low, double high) {
    if (low > high) std::swap(low, high);
    if (high < 1.2 * low) {
        low /= 1.5;
        high *= 1.5;
    }
    AxisTicks axis{low, high, {}};
    const double decades = std::log10(high / low);
    const int step = std::max(1, static_cast<int>(std::ceil(decades / 8)));
    for (int power = static_cast<int>(std::floor(std::log10(low))); power <= std::ceil(std::log10(high)); ++power) {
        if (power % step != 0) continue;
        for (const double factor : {1.0, 2.0, 5.0}) {
            const double value = factor * std::pow(10.0, power);
            const bool wanted = factor == 1.0 || decades < 2.5;
            if (wanted && value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) {
                axis.ticks.push_back({value, format_short(value, 3)});
            }
        }
    }
    return axis;
}

std::string format_fixed(double value, int decimals) {
    if (!std::isfinite(value)) return "–";
    std::array<char, 400> buffer; // the largest double has 309 digits before the point
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed,
                                   std::clamp(decimals, 0, 20));
    std::string text(buffer.data(), end.ptr);
    if (text.front() == '-' && text.find_first_of("123456789") == std::string::npos) text.erase(0, 1);
    return text;
}

std::string format_short(double value, int digits) {
    if (!std::isfinite(value)) return "–";
    std::array<char, 64> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::general,
                                   std::clamp(digits, 1, 17));
    return {buffer.data(), end.ptr};
}

} // namespace banyan
