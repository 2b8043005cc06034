#pragma once

#include <map>

#include "train/balancer.h"
#include "train/scalar_adam.h"

namespace banyan {

/// Weights w_b that make branches learn at like rates: with g_b the norm of the gradient of L_b at the neck's last
/// layers, G_b = w_b g_b, and over the present branches
///
///   rate_b   = (L_b / L_b(first)) / mean of that ratio     L_b(first): its loss in its first step
///   target_b = mean G * rate_b^alpha
///   minimise  sum over b of |G_b - target_b|,  target a constant:  d / d w_b = sign(G_b - target_b) * g_b
///
/// (G is linear in w, so this takes no second derivatives.) Each w_b starts at 1, is moved by Adam with its own step
/// count, is at least 0.01, and then the weights of the present branches are scaled so that their sum is what it was:
/// the sum over all branches stays their number, and absent ones keep theirs. A branch alone in a step cannot move.
/// Source: "GradNorm", arXiv:1711.02257, eq. (1), (2) and algorithm 1.
class GradNormBalancer final : public Balancer {
public:
    GradNormBalancer(double alpha, double lr) : alpha_(alpha), lr_(lr) {}

    std::vector<double> weights(const std::vector<BranchSignal>& present) const override;
    void learn(const std::vector<BranchSignal>& present) override;
    bool needs_norms() const override { return true; }
    NamedNumbers state() const override;
    void load_state(const NamedNumbers& state) override;
    std::size_t state_size() const override { return 5; }

private:
    struct Entry {
        double weight = 1;
        double first_loss = 0;
        ScalarAdam adam;
    };
    double alpha_;
    double lr_;
    std::map<std::string, Entry> entries_;
};

} // namespace banyan
