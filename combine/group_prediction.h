#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "combine/grouping_search.h"
#include "combine/task_affinity.h"

namespace banyan {

/// How measured affinities become predicted losses of accuracy. All weights are in relative accuracy: 0.01 is one
/// hundredth of the AP that a task has on a branch of its own.
struct PredictionOptions {
    /// [T] AP in (0, 1] of each task on its own branch, for drops that were measured as AP; empty: they count as if it
    /// were 1.
    std::vector<double> accuracies;

    // What task j costs task i in one branch where the drop of their merged branch was not measured: a sum of weights
    // times measures that are 0 where two tasks get on. The weights are a prior, not a fit: their order matters, and
    // what they leave open is in `pair_deviation`. Where other pairs' drops were measured, all such sums are shifted by
    // what those lost beyond theirs on average.
    double pair_drop = 0.005;  ///< any two tasks that share a branch
    double look_ahead = 0.03;  ///< - (look-ahead affinity of j onto i / of i onto itself), within [-1, 1]
    double cosine = 0.01;      ///< - cosine of gradients / root of the product of both diagonals, within [-1, 1]
    double scale = 0.02;       ///< 1 - overlap of box scales
    double aspect = 0.01;      ///< 1 - overlap of aspects
    double pooling = 0.2;      ///< AP lost by pooling / AP
    double containment = 0.01; ///< - share of i's detections inside one of j: the same places are looked at

    double transplant = 1; ///< share of the AP lost by an untrained merge / AP that stays lost, where that is measured

    /// Of k tasks in a branch one loses (k - 1)^growth times the mean of what the others cost it in pairs: 0 is the
    /// mean, 1 the sum, for one tower has to hold what all of them need. Not more than all it has, within [-1, 1].
    double growth = 1;
    double pair_deviation = 0.01;      ///< standard deviation of what a pair's measures leave open
    double measured_deviation = 0.005; ///< the same where the pair's merged branch was measured
    double growth_deviation = 0.01;    ///< of each further task in a group: what pairs cannot tell
};

/// Predicts what tasks would reach in one branch, from relations of pairs. Loss of a task: 1 - its accuracy relative to
/// a branch of its own; 0 where it is alone, below 0 where the others help it. A measure that is missing (no matrix, or
/// not a number) counts as half of its weight with an error as large, AP lost by pooling as nothing. Refers to nothing
/// of its arguments.
class GroupPredictor {
public:
    /// @throws CheckError accuracies that are not one in (0, 1] for each task
    GroupPredictor(const TaskAffinities& affinities, const PredictionOptions& options);

    std::size_t task_count() const { return drops_.size(); }
    /// What task `from` costs `onto` in a branch of both, and its standard deviation.
    double pair_drop(std::size_t from, std::size_t onto) const { return drops_[from][onto].drop; }
    double pair_deviation(std::size_t from, std::size_t onto) const;
    /// Losses and variances of a group; its cost is left open.
    GroupCandidate predict(TaskSet tasks) const;

private:
    struct PairDrop {
        double drop = 0, variance = 0;
    };
    void predict_task(GroupCandidate& group, std::size_t task) const;

    PredictionOptions options_;
    std::vector<std::vector<PairDrop>> drops_; ///< [from][onto]
};

} // namespace banyan
