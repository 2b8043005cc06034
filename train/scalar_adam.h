#pragma once

#include <cmath>

namespace banyan {

/// Adam (arXiv:1412.6980) for one number, with its own step count.
struct ScalarAdam {
    double first = 0;
    double second = 0;
    double steps = 0;

    /// What to add to the number.
    double change(double gradient, double lr) {
        constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEps = 1e-8;
        steps += 1;
        first = kBeta1 * first + (1 - kBeta1) * gradient;
        second = kBeta2 * second + (1 - kBeta2) * gradient * gradient;
        const double mean = first / (1 - std::pow(kBeta1, steps));
        const double square = second / (1 - std::pow(kBeta2, steps));
        return -lr * mean / (std::sqrt(square) + kEps);
    }
};

} // namespace banyan
