#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "train/balance_options.h"
#include "train/named_numbers.h"

namespace banyan {

/// What one step tells of a branch that is present in it.
struct BranchSignal {
    std::string branch;
    double loss = 0;        ///< as in train/branch_loss.h, before balancing
    double shared_norm = 0; ///< norm of this loss's gradient at the neck's last layers; 0 unless needs_norms()
};

/// Weighs the losses of the branches. The weight multiplies the whole loss of a branch, so it scales the gradient of
/// the trunk and of the branch alike.
///
/// Only what is present counts: a branch that is absent from a step has no part in its sums, means and normalisations,
/// and its own state stays as it is, bit by bit.
class Balancer {
public:
    virtual ~Balancer() = default;

    /// Weight of each of the present branches in this step.
    virtual std::vector<double> weights(const std::vector<BranchSignal>& present) const = 0;
    /// Takes the step into account, once it has been made.
    virtual void learn(const std::vector<BranchSignal>& present) = 0;
    /// Whether shared_norm is used. It costs a backward pass through each present head.
    virtual bool needs_norms() const { return false; }

    /// State by branch name, state_size() numbers each; a branch that was never present is not in it.
    virtual NamedNumbers state() const = 0;
    virtual void load_state(const NamedNumbers& state) = 0;
    virtual std::size_t state_size() const = 0;
};

/// `fixed` and `pcgrad` weigh all branches 1.
std::unique_ptr<Balancer> make_balancer(const BalanceOptions& options);

} // namespace banyan
