#pragma once

#include <cstdint>
#include <map>

#include "train/balancer.h"

namespace banyan {

/// Dynamic weight average: a branch whose loss falls slowly gets more weight. Losses are averaged over windows of
/// `window` steps in which the branch is present (the paper's epochs); with the means l' of its last full window and
/// l'' of the one before,
///
///   r_b = l'_b / l''_b (1 before it has two),   weight_b = n * exp(r_b / temperature) / sum over present c of
///   exp(r_c / temperature),   n = present branches,
///
/// so the weights of a step add up to the number of branches in it.
/// Source: "End-to-End Multi-Task Learning with Attention", arXiv:1803.10704, section 3.3.
class DwaBalancer final : public Balancer {
public:
    DwaBalancer(double temperature, std::int64_t window) : temperature_(temperature), window_(window) {}

    std::vector<double> weights(const std::vector<BranchSignal>& present) const override;
    void learn(const std::vector<BranchSignal>& present) override;
    NamedNumbers state() const override;
    void load_state(const NamedNumbers& state) override;
    std::size_t state_size() const override { return 5; }

private:
    struct Entry {
        double sum = 0, count = 0;   // of the window that is not full yet
        double last = 0, before = 0; // means of full windows
        double windows = 0;          // full ones
    };
    double ratio_of(const std::string& branch) const;

    double temperature_;
    std::int64_t window_;
    std::map<std::string, Entry> entries_;
};

} // namespace banyan
