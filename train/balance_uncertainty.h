#pragma once

#include <map>

#include "train/balancer.h"
#include "train/scalar_adam.h"

namespace banyan {

/// Weights from learned variances: with s_b = log(sigma_b^2) of branch b,
///
///   total = sum over present b of exp(-s_b) * L_b + s_b / 2,   d total / d s_b = 1/2 - exp(-s_b) * L_b,
///
/// so that every branch's weighted loss is drawn towards 1/2. s_b starts at 0 (weight 1), is moved by Adam with its own
/// learning rate and step count, and is kept in [-5, 5]: weights lie in [0.0067, 148].
/// Source: "Multi-Task Learning Using Uncertainty to Weigh Losses", arXiv:1705.07115 (1/sigma^2 L + log sigma, the form
/// for likelihoods with a temperature).
class UncertaintyBalancer final : public Balancer {
public:
    explicit UncertaintyBalancer(double lr) : lr_(lr) {}

    std::vector<double> weights(const std::vector<BranchSignal>& present) const override;
    void learn(const std::vector<BranchSignal>& present) override;
    NamedNumbers state() const override;
    void load_state(const NamedNumbers& state) override;
    std::size_t state_size() const override { return 4; }

private:
    struct Entry {
        double log_variance = 0;
        ScalarAdam adam;
    };
    double lr_;
    std::map<std::string, Entry> entries_;
};

} // namespace banyan
