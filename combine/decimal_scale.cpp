#include "combine/decimal_scale.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace banyan {

namespace {

constexpr int kDigits = 14;
constexpr int kMostExponent = 300;  // of ten, in a double
constexpr double kMostWhole = 9e15; // 2^53 is just above

} // namespace

DecimalScale::DecimalScale(double largest) {
    BANYAN_CHECK(std::isfinite(largest) && largest >= 0, "magnitude must be finite and not negative, got ", largest);
    if (largest == 0) return;
    const int exponent =
        std::clamp(kDigits - 1 - static_cast<int>(std::floor(std::log10(largest))), -kMostExponent, kMostExponent);
    power_ = std::pow(10.0, std::abs(exponent)); // exact up to 10^22; beyond, the error stays below half a unit
    divides_ = exponent < 0;
}

std::int64_t DecimalScale::whole(double value) const {
    const double scaled = divides_ ? value / power_ : value * power_;
    return std::llround(std::clamp(scaled, -kMostWhole, kMostWhole));
}

double DecimalScale::value(std::int64_t whole) const {
    const auto scaled = static_cast<double>(whole);
    return divides_ ? scaled * power_ : scaled / power_;
}

double decimal_sum(const std::vector<double>& values) {
    double largest = 0;
    for (const double value : values) largest = std::max(largest, std::abs(value));
    const DecimalScale scale(largest);
    std::int64_t sum = 0;
    for (const double value : values) sum += scale.whole(value);
    return scale.value(sum);
}

} // namespace banyan
