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
/// expected to be better than the network as it is.
std::vector<PredictedPlan> plans_to_try(const PlanPredictions& plans, std::size_t most);

/// Whether a branch for each task keeps the budget, by the costs that plans are made of.
bool keeps_budget_apart(const std::vector<std::string>& tasks, const GroupCosts& costs, const MergeBudget& budget);

/// AP of each task in [0.01, 1], by which losses of AP are divided; 1 of a task that nothing judges.
std::vector<double> accuracies_of(const ValidationJudge& judge, const std::vector<CocoDetection>& detections);

/// Makes the networks of the candidates that are not there yet, without training. False when a signal stopped it.
bool make_transplants(const MergeAutoOptions& options, const std::string& unmerged,
                      const std::vector<MergeCandidate>& candidates);

/// The unmerged network's and the candidates' AP before any training. Nothing when a signal stopped it.
/// @param confirm_folder  of confirm(), which takes the same detections
std::optional<BootstrapResult> judge_transplants(const MergeAutoOptions& options, ValidationJudge& judge,
                                                 const std::vector<MergeCandidate>& candidates,
                                                 const std::string& confirm_folder);

/// Times of two model files, kept in `path` with their hashes. Nothing when the meter was stopped.
std::optional<MergeLatency> latency_of(const std::string& path, const std::string& before, const std::string& after,
                                       const ModelFileMeter& meter);

/// latency.json of two files with these hashes, and back; nothing where the text is of others.
std::string latency_json(const MergeLatency& latency, const std::vector<std::string>& hashes);
std::optional<MergeLatency> parse_latency(const std::string& text, const std::vector<std::string>& hashes);

} // namespace banyan
