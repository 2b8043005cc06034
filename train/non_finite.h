#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "train/branch_step.h"

namespace banyan {

/// A loss for messages: six decimals, "inf", "-inf", or "nan" whatever its sign.
inline std::string loss_text(double loss) { return std::isnan(loss) ? "nan" : std::to_string(loss); }

/// Where a number that is not finite turned up in a step.
struct NonFinite {
    std::string what;                         ///< "loss" or "gradient"
    std::string branch;                       ///< "" where it belongs to several (the trunk's gradient)
    std::string tensor;                       ///< first output value or parameter that is not finite; "" if all are
    std::vector<std::int64_t> rows;           ///< rows of the batch that took part
    std::map<std::string, BranchStep> losses; ///< by branch, as far as they were computed
};

/// A loss or gradient that is not finite, with all that is known of it.
class NonFiniteError : public NumericError {
public:
    NonFiniteError(const ErrorText& text, NonFinite details) : NumericError(text), details_(std::move(details)) {}
    const NonFinite& details() const { return details_; }

private:
    NonFinite details_;
};

} // namespace banyan
