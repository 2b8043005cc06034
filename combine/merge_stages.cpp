#include "combine/merge_stages.h"

#include <algorithm>
#include <filesystem>

#include "combine/calibration_pictures.h"
#include "combine/transplant.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/stop_signal.h"
#include "model/saved_model.h"
#include "network/model_file.h"

namespace banyan {

namespace {

constexpr double kLeastAccuracy = 0.01; // of a task that finds nothing, so that its losses stay finite
constexpr double kSureErrors = 2;       // standard errors

bool joins_tasks(const MergePlan& plan) {
    return std::any_of(plan.groups.begin(), plan.groups.end(), [](const auto& group) { return group.size() > 1; });
}

std::vector<std::string> joined_tasks(const MergePlan& plan) {
    std::vector<std::string> tasks;
    for (const std::vector<std::string>& group : plan.groups) {
        if (group.size() > 1) tasks.insert(tasks.end(), group.begin(), group.end());
    }
    return tasks;
}

/// A file of another plan is what an earlier version of the prediction left.
bool is_made(const MergeCandidate& candidate) {
    return std::filesystem::exists(candidate.model) &&
           plan_of(ModelFile::load(candidate.model).options) == candidate.predicted.plan;
}

std::string number_of(int number, int of) { return std::to_string(number) + " of " + std::to_string(of); }

} // namespace

void StageLog::begin(const std::string& name) {
    end();
    ++stage_;
    start_ = std::chrono::steady_clock::now();
    log_info("stage " + number_of(stage_, stages_) + ": " + name);
}

void StageLog::end() {
    if (stage_ == 0) return;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
    log_info("stage " + number_of(stage_, stages_) + " took " + format_duration(passed.count()));
}

std::vector<PredictedPlan> plans_to_try(const PlanPredictions& plans, bool apart_keeps_budget) {
    std::vector<PredictedPlan> wanted;
    for (const PredictedPlan& plan : plans.ranking) {
        if (joins_tasks(plan.plan)) {
            wanted.push_back(plan);
        } else if (apart_keeps_budget) {
            break;
        }
    }
    return wanted;
}

bool keeps_latency(const PlanLatency& latency, const MergeBudget& budget) {
    return !budget.latency_ms || latency.median_ms - kSureErrors * latency.error_ms <= *budget.latency_ms;
}

std::vector<double> accuracies_of(const ValidationJudge& judge, const std::vector<CocoDetection>& detections) {
    const BootstrapResult result = paired_bootstrap(judge.truth(), {{"unmerged", {detections}}}, {.resamples = 1});
    std::vector<double> accuracies;
    for (const Task& task : judge.classes().tasks()) {
        double ap = -1;
        for (const BootstrapRow& row : result.tasks) {
            if (row.name == task.name) ap = row.ap.sides.front().estimate;
        }
        accuracies.push_back(ap < 0 ? 1 : std::max(ap, kLeastAccuracy));
    }
    return accuracies;
}

bool make_transplants(const MergeAutoOptions& options, const std::string& unmerged,
                      const std::vector<MergeCandidate>& candidates, const std::string& confirm_folder) {
    std::optional<MultiTaskModel> source;
    std::vector<Dataset> training;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const MergeCandidate& candidate = candidates[i];
        if (is_made(candidate)) continue;
        if (stop_requested()) return false;
        if (!source) {
            source = load_model(unmerged);
            training = load_datasets(options.config.datasets, source->classes());
        }
        const MergePlan& plan = candidate.predicted.plan;
        log_info("transplanting " + plan_text(plan));
        const at::Tensor pictures = calibration_pictures(training, source->classes(), joined_tasks(plan),
                                                         options.measure.pair_pictures, source->options().input_side);
        TransplantOptions transplant;
        transplant.boxes = options.measure.boxes;
        const Transplant made = merge_branches(*source, plan, pictures, transplant);
        std::filesystem::remove(transplanted_file(confirm_folder, i));
        save_model(candidate.model, made.model, {{"merge_plan", plan_text(plan)}, {"merged_from", unmerged}});
    }
    return true;
}

std::optional<BootstrapResult> judge_transplants(const MergeAutoOptions& options, ValidationJudge& judge,
                                                 const std::vector<MergeCandidate>& candidates,
                                                 const std::string& confirm_folder) {
    const std::string unmerged = options.folder + "/unmerged";
    auto before = judge.detections(unmerged + ".banyan.safetensors", unmerged + ".coco.json");
    if (!before) return std::nullopt;
    std::vector<BootstrapSide> sides{{"unmerged", {std::move(*before)}}};
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        auto found = judge.detections(candidates[i].model, transplanted_file(confirm_folder, i));
        if (!found) return std::nullopt;
        sides.push_back({plan_text(candidates[i].predicted.plan), {std::move(*found)}});
    }
    return paired_bootstrap(judge.truth(), sides, options.bootstrap);
}

} // namespace banyan
