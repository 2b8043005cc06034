#pragma once

#include <cstdint>

namespace banyan {

/// How the losses of the branches are weighed against each other, on top of each branch's own loss/weight.
enum class BalanceMethod {
    fixed,       ///< plain sum
    uncertainty, ///< learned variance of each branch (train/balance_uncertainty.h)
    dwa,         ///< by how fast each branch's loss falls (train/balance_dwa.h)
    gradnorm,    ///< by the gradient that each branch gives the neck (train/balance_gradnorm.h)
    pcgrad       ///< plain sum, with gradients of the trunk that oppose each other projected (train/pcgrad.h)
};

struct BalanceOptions {
    BalanceMethod method = BalanceMethod::fixed;
    double lr = 0.01;          ///< uncertainty, gradnorm: of the variances or weights [1e-6, 1]
    double temperature = 2;    ///< dwa: higher is more even [0.01, 1000]
    std::int64_t window = 100; ///< dwa: steps of a branch that are averaged [1, 10^6]
    double alpha = 1.5;        ///< gradnorm: pull towards branches that learn slowly [0, 10]
};

} // namespace banyan
