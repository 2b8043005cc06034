#include "quant/range_search.h"

#include <algorithm>
#include <limits>

namespace banyan {

namespace {

/// A range narrower than the best one must be better by this share of its error: rounding must not decide.
constexpr double kClearlyBetter = 1e-9;
constexpr int kMostPairs = 2049; ///< of a grid: one end has so many when there are 2,048 bins

/// Ends of a range, in bins from zero.
struct Ends {
    int below = 0, above = 0;
};

class RangeSearch {
public:
    RangeSearch(const Histogram& histogram, IntegerType type)
        : histogram_(histogram), type_(type), error_(histogram), widest_{static_cast<int>(histogram.negative_bins()),
                                                                         static_cast<int>(histogram.positive_bins())} {
        if (type == IntegerType::s8) widest_ = {0, std::max(widest_.below, widest_.above)};
    }

    QuantRange run() {
        int stride = grid_stride();
        for (int below = widest_.below; below >= 0; below -= stride) {
            for (int above = widest_.above; above >= 0; above -= stride) attempt({below, above});
        }
        while (stride > 1) {
            stride /= 2;
            while (improve(stride)) {}
        }
        return range_of(best_);
    }

private:
    int grid_stride() const {
        int stride = 1;
        while ((widest_.below / stride + 1) * (widest_.above / stride + 1) > kMostPairs) ++stride;
        return stride;
    }

    QuantRange range_of(const Ends& ends) const {
        const double width = histogram_.bin_width();
        const auto high = static_cast<float>(ends.above * width);
        if (type_ == IntegerType::s8) {
            const float t = std::min(high, std::max(-histogram_.low(), histogram_.high()));
            return {-t, t};
        }
        return {std::max(histogram_.low(), static_cast<float>(-ends.below * width)), std::min(histogram_.high(), high)};
    }

    bool attempt(const Ends& ends) {
        const bool allowed = ends.below >= 0 && ends.below <= widest_.below && ends.above >= 0 &&
                             ends.above <= widest_.above && ends.below + ends.above > 0;
        if (!allowed) return false;
        const double error = error_.squared(quantization_of(range_of(ends), type_), type_);
        if (error >= least_ - kClearlyBetter * least_) return false;
        least_ = error;
        best_ = ends;
        return true;
    }

    bool improve(int stride) {
        const Ends middle = best_;
        bool improved = false;
        for (const int below : {stride, 0, -stride}) {
            for (const int above : {stride, 0, -stride}) {
                improved |= attempt({middle.below + below, middle.above + above});
            }
        }
        return improved;
    }

    const Histogram& histogram_;
    IntegerType type_;
    QuantizationError error_;
    Ends widest_;
    Ends best_;
    double least_ = std::numeric_limits<double>::max();
};

} // namespace

QuantRange least_error_range(const Histogram& histogram, IntegerType type) {
    return RangeSearch(histogram, type).run();
}

} // namespace banyan
