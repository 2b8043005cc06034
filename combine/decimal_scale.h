#pragma once

#include <cstdint>
#include <vector>

namespace banyan {

/// Decimal fractions as whole numbers, so that sums of them are exact, do not depend on their order and compare as
/// people expect: 0.1 + 0.2 is 0.3. The largest magnitude keeps 14 significant digits, smaller ones the same number of
/// decimals; sums of up to 90 such numbers are exact as doubles too.
class DecimalScale {
public:
    /// @param largest  magnitude of the values, >= 0, finite
    explicit DecimalScale(double largest);

    /// Nearest whole number; a value above 90 times the largest (infinity too) counts as that. Precondition: no NaN
    std::int64_t whole(double value) const;
    double value(std::int64_t whole) const;

private:
    double power_ = 1; ///< of ten
    bool divides_ = false;
};

/// Sum of decimals: {0.1, 0.2} gives 0.3. At most 90 finite values.
double decimal_sum(const std::vector<double>& values);

} // namespace banyan
