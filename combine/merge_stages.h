#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "combine/merge_auto.h"
#include "combine/validation_judge.h"

namespace banyan {

/// Tells which stage is at work, and how long each took.
class StageLog {
public:
    explicit StageLog(int stages) : stages_(stages) {}
    ~StageLog() { end(); }
    StageLog(const StageLog&) = delete;
    StageLog& operator=(const StageLog&) = delete;

    void begin(const std::string& name);

private:
    void end();
    int stages_;
    int stage_ = 0;
    std::chrono::steady_clock::time_point start_;
};

/// The plans to try: of the ranking within the budget those that join tasks, in their order, as long as they are
/// expected to be better than the network as it is, if that keeps the budget.
std::vector<PredictedPlan> plans_to_try(const PlanPredictions& plans, bool apart_keeps_budget);

/// Whether a measured network is not surely slower than the budget allows: by two standard errors.
bool keeps_latency(const PlanLatency& latency, const MergeBudget& budget);

/// AP of each task in [0.01, 1], by which losses of AP are divided; 1 of a task that nothing judges.
std::vector<double> accuracies_of(const ValidationJudge& judge, const std::vector<CocoDetection>& detections);

/// Makes the networks of the candidates that are not there yet, without training. False when a signal stopped it.
/// @param confirm_folder  of confirm(); detections of another network in a candidate's place are removed there
bool make_transplants(const MergeAutoOptions& options, const std::string& unmerged,
                      const std::vector<MergeCandidate>& candidates, const std::string& confirm_folder);

/// The unmerged network's and the candidates' AP before any training. Nothing when a signal stopped it.
/// @param confirm_folder  of confirm(), which takes the same detections
std::optional<BootstrapResult> judge_transplants(const MergeAutoOptions& options, ValidationJudge& judge,
                                                 const std::vector<MergeCandidate>& candidates,
                                                 const std::string& confirm_folder);

} // namespace banyan
