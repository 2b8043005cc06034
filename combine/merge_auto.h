#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "combine/branch_cost.h"
#include "combine/confirm.h"
#include "combine/measure_affinities.h"
#include "combine/merge_budget.h"
#include "combine/plan_latency.h"
#include "combine/plan_prediction.h"
#include "train/train_config.h"

namespace banyan {

struct MergeAutoOptions {
    RunConfig config;   ///< with a branch for each task
    std::string folder; ///< to write
    MergeBudget budget; ///< not empty
    bool resume = false;

    MeasureOptions measure; ///< folder and resume are set here
    LatencyMeter meter;
    std::string target; ///< of the meter, for people: "2 threads, bf16, 320 px, <processor>"

    std::vector<MergePlan> plans{}; ///< tried in this order; empty: the best predicted ones within the budget
    std::size_t candidates = 3;     ///< of the predicted plans, that are transplanted, at most [1, 100]
    double max_drop = 0.5;          ///< loss of mean AP that is allowed, in points (hundredths) [0, 100]
    int seeds = 3;                  ///< healings of a candidate [1, 100]
    bool try_all = false;           ///< heals all candidates, also those behind an accepted one, to compare predictions
    std::int64_t heal_steps = 300;
    double trunk_lr_scale = 0;
    std::vector<std::string> heal_set{}; ///< "/pointer=value" each, for healings only
    BootstrapOptions bootstrap = ConfirmOptions{}.bootstrap;
};

/// A plan within the budget that was made into a network.
struct MergeCandidate {
    PredictedPlan predicted;
    PlanLatency latency;
    std::string model;                       ///< transplanted, not trained: file
    std::optional<CandidateVerdict> verdict; ///< none: was not healed
};

/// All that was found; what comes after the stage that ended it is empty.
struct MergeAutoOutcome {
    std::optional<int> stop_signal; ///< ended early; the same call with `resume` goes on
    TaskAffinities affinities;
    GroupCosts costs;
    PlanPredictions plans;             ///< where no plan keeps the budget only `front` is right
    std::vector<PlanLatency> too_slow; ///< keep the budget by their prediction, but not when measured
    std::vector<MergeCandidate> candidates;
    /// Sides: "unmerged", then the candidates before any training. Differences: unmerged minus the candidate.
    BootstrapResult transplanted;
    std::optional<std::size_t> accepted; ///< place in `candidates`
    /// The unmerged network keeps the budget, and no merge is expected to be better, or was accepted: it is the result.
    bool kept_apart = false;
    std::string problem; ///< why there is no result, one line; "" where there is one
    std::optional<PlanLatency> unmerged_latency;
    std::int64_t parameters_before = 0, parameters_after = 0;

    bool has_result() const { return accepted.has_value() || kept_apart; }
    MergePlan plan() const;             ///< of the result
    const PlanLatency& latency() const; ///< of the result
};

/// From a config to a network with fewer branches: trains all tasks together (or takes a model), measures how they get
/// on and what branches cost, plans, times the networks of the best plans and drops those that do not keep the budget
/// by two standard errors, merges without training, heals and judges, and takes the first that surely loses no more
/// than allowed. Six stages; each leaves its files in the folder and is passed over where they are there:
///
///   auto.json, config.json            what all of it is made of: a resumed call must be given the same, but for
///                                     max_drop, try_all, and more seeds and candidates
///   1  measure.json, run/ or probes.jsonl, pairs.jsonl, unmerged.banyan.safetensors, affinities.json
///   2  costs.json, networks.json
///   3  plans.json, latencies.json
///   4  unmerged.coco.json, candidates/N.banyan.safetensors
///   5  confirm/                       runs and detections (combine/confirm.h)
///   6  merged.banyan.safetensors, plan.json (where there is a result), result.json
///
/// A call that was stopped at any moment, also by SIGKILL, ends when it is resumed with the network and figures of one
/// that was not stopped, but for what a clock has measured after the stop.
/// @throws UsageError plans that do not fit the tasks or the branches of the budget, or join none; a folder at work
/// elsewhere, one that holds other work or (without resume) any; heads that cannot
///         share a tower; fewer than two tasks; no validation data. All Errors of data, files and training. No plan
///         that passes is no error here: see `problem`
MergeAutoOutcome merge_auto(const MergeAutoOptions& options);

/// How far the order of the predicted plans is that of their networks (combine/rank_correlation.h), by mean AP: all
/// candidates before any training, and those that were healed.
struct PredictionAgreement {
    std::optional<double> transplanted, healed;
    std::size_t healed_candidates = 0;
};
PredictionAgreement prediction_agreement(const MergeAutoOutcome& outcome);

/// auto.json.
std::string merge_inputs_json(const MergeAutoOptions& options);
/// What keeps work that was begun with one from being gone on with by the other: "seeds was 3, is 2"; "" for nothing.
std::string merge_inputs_difference(const std::string& begun, const std::string& now);

/// result.json: one line, as docs/cli.md describes it.
std::string merge_result_json(const MergeAutoOptions& options, const MergeAutoOutcome& outcome);

} // namespace banyan
