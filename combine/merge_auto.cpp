#include "combine/merge_auto.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "combine/ablation_grid.h"
#include "combine/cost_files.h"
#include "combine/folder_lock.h"
#include "combine/merge_sources.h"
#include "combine/merge_stages.h"
#include "combine/rank_correlation.h"
#include "core/atomic_file.h"
#include "core/check.h"
#include "core/error.h"
#include "core/log.h"
#include "core/stop_signal.h"
#include "graph/cost.h"
#include "model/model_file.h"
#include "report/axis_ticks.h"

namespace banyan {

namespace {

namespace fs = std::filesystem;

constexpr int kStages = 6;

/// Thrown out of the work when a signal came.
struct StopAsked {};

template <typename Found>
Found or_stop(std::optional<Found> found) {
    if (!found) throw StopAsked();
    return std::move(*found);
}

std::vector<std::string> names_of(const std::vector<Task>& tasks) {
    std::vector<std::string> names;
    for (const Task& task : tasks) names.push_back(task.name);
    return names;
}

std::int64_t parameters_of(const std::string& model) {
    return total_cost(build_graph(ModelFile::load(model).options)).parameters;
}

class MergeAuto {
public:
    explicit MergeAuto(const MergeAutoOptions& options) : options_(options), judge_(options.config, "the config") {
        check_mergeable(options.config.model);
        judge_.check_objects();
        claim_folder();
    }

    MergeAutoOutcome run();

private:
    std::string file(const std::string& name) const { return options_.folder + "/" + name; }
    std::string unmerged() const { return file("unmerged.banyan.safetensors"); }
    std::string result() const { return file("merged.banyan.safetensors"); }
    void check_mergeable(const ModelOptions& model) const;
    void claim_folder() const;
    void begin(const std::string& stage);
    void measure();
    void find_costs();
    bool find_plans();
    void transplant();
    void heal_and_confirm();
    void finish();

    const MergeAutoOptions& options_;
    ValidationJudge judge_;
    StageLog log_{kStages};
    MergeAutoOutcome outcome_;
};

/// All heads could share one tower: else a plan may be chosen that no network can follow.
void MergeAuto::check_mergeable(const ModelOptions& model) const {
    check_can_be_probed(model);
    plan_branches(MultiTaskModel(model), {{names_of(model.tasks)}}, {options_.measure.boxes, 0});
}

/// Notes what the folder's work is made of, so that it is not taken for other work.
void MergeAuto::claim_folder() const {
    const std::string inputs = file("auto.json"), config = file("config.json");
    const std::string now = merge_inputs_json(options_);
    const auto refuse = [&](const std::string& problem, const std::string& next_step) {
        throw UsageError(ErrorText{"--out " + options_.folder, problem, "", "", next_step});
    };
    if (fs::exists(inputs)) {
        if (!options_.resume)
            refuse("the folder holds such work already", "go on with --resume, or name another folder");
        std::string difference = config_changes(read_file(config), options_.config.effective);
        if (difference.empty()) difference = merge_inputs_difference(read_file(inputs), now);
        if (!difference.empty())
            refuse("begun with other inputs: " + difference, "take them back or name another folder");
    } else {
        write_file_atomically(config, options_.config.effective);
    }
    write_file_atomically(inputs, now);
}

void MergeAuto::begin(const std::string& stage) {
    if (stop_requested()) throw StopAsked();
    log_.begin(stage);
}

void MergeAuto::measure() {
    begin("how the tasks get on");
    MeasureOptions measure = options_.measure;
    measure.folder = options_.folder;
    measure.resume = true;
    MeasureOutcome measured = measure_affinities(options_.config, measure);
    if (measured.stop_signal) throw StopAsked();
    outcome_.affinities = std::move(measured.affinities);
}

void MergeAuto::find_costs() {
    begin("what branches cost");
    const ModelOptions model = ModelFile::load(unmerged()).options;
    check_mergeable(model); // a given model is not the config's
    outcome_.costs = or_stop(
        costs_in_folder(model, {options_.folder, options_.target, options_.measure.boxes}, options_.network_meter));
    outcome_.parameters_before = parameters_of(unmerged());
}

/// @return false where no plan keeps the budget
bool MergeAuto::find_plans() {
    begin("which tasks to merge");
    PlanOptions plan;
    plan.ranked = std::max(plan.ranked, options_.candidates);
    plan.costs_file = file("costs.json");
    plan.prediction.accuracies =
        accuracies_of(judge_, or_stop(judge_.detections(unmerged(), file("unmerged.coco.json"))));
    try {
        outcome_.plans = predict_plans(outcome_.affinities, &outcome_.costs, options_.budget, plan);
    } catch (const GateError& error) {
        outcome_.problem = error.what();
        outcome_.plans = predict_plans(outcome_.affinities, &outcome_.costs, {}, plan);
        return false;
    }
    write_file_atomically(file("plans.json"), plan_predictions_json(outcome_.plans));
    for (PredictedPlan& wanted : plans_to_try(outcome_.plans, options_.candidates)) {
        const std::string number = std::to_string(outcome_.candidates.size() + 1);
        outcome_.candidates.push_back(
            {std::move(wanted), file("candidates/" + number + ".banyan.safetensors"), std::nullopt});
    }
    return true;
}

void MergeAuto::transplant() {
    begin("merging without training");
    if (!make_transplants(options_, unmerged(), outcome_.candidates)) throw StopAsked();
    outcome_.transplanted = or_stop(judge_transplants(options_, judge_, outcome_.candidates, file("confirm")));
}

void MergeAuto::heal_and_confirm() {
    begin("healing and confirming");
    if (!outcome_.candidates.empty()) {
        ConfirmOptions confirm_options;
        confirm_options.heal = {file("config.json"),     "", unmerged(),       options_.heal_steps,
                                options_.trunk_lr_scale, 1,  options_.heal_set};
        for (const MergeCandidate& candidate : outcome_.candidates)
            confirm_options.candidates.push_back(candidate.model);
        confirm_options.seeds = options_.seeds;
        confirm_options.max_drop = options_.max_drop;
        confirm_options.folder = file("confirm");
        confirm_options.resume = true;
        confirm_options.try_all = options_.try_all;
        confirm_options.bootstrap = options_.bootstrap;
        write_file_atomically(unmerged_detections_file(confirm_options.folder), read_file(file("unmerged.coco.json")));
        ConfirmOutcome confirmed = confirm(confirm_options);
        if (confirmed.stop_signal) throw StopAsked();
        for (std::size_t i = 0; i < confirmed.tried.size(); ++i) {
            outcome_.candidates[i].verdict = std::move(confirmed.tried[i]);
        }
        outcome_.accepted = confirmed.accepted;
    }
    const bool fits_apart =
        outcome_.candidates.empty() || keeps_budget_apart(outcome_.affinities.tasks, outcome_.costs, options_.budget);
    outcome_.kept_apart = !outcome_.accepted && fits_apart;
    if (outcome_.has_result()) return;
    double least = outcome_.candidates.front().verdict->least_difference;
    for (const MergeCandidate& tried : outcome_.candidates) {
        least = std::max(least, tried.verdict->least_difference);
    }
    outcome_.problem = format_error(
        {"", "no plan passes", "a mean AP that is surely at most " + format_short(options_.max_drop) + " points lower",
         "at best one that may be " + format_fixed(-least, 2) + " lower",
         "allow a larger drop, more candidates or a wider budget, or heal longer"});
}

/// Hands out the network and measures what it saves.
void MergeAuto::finish() {
    begin("what is saved");
    const std::string healed = outcome_.accepted ? file("confirm/healed.banyan.safetensors") : unmerged();
    outcome_.latency = or_stop(latency_of(file("latency.json"), unmerged(), healed, options_.file_meter));
    outcome_.parameters_after = parameters_of(healed);
    write_file_atomically(result(), read_file(healed));
    write_file_atomically(file("plan.json"), plan_json(outcome_.plan()));
    if (options_.budget.latency_ms && outcome_.latency->after_ms > *options_.budget.latency_ms) {
        log_warning("the network takes " + format_fixed(outcome_.latency->after_ms, 2) +
                    " ms, more than was predicted and than " + merge_budget_text(options_.budget) + " allows");
    }
}

MergeAutoOutcome MergeAuto::run() {
    try {
        measure();
        find_costs();
        if (find_plans()) {
            transplant();
            heal_and_confirm();
        }
        if (outcome_.has_result()) {
            finish();
        } else {
            for (const char* stale : {"plan.json", "merged.banyan.safetensors"}) fs::remove(file(stale));
        }
    } catch (const StopAsked&) {
        outcome_.stop_signal = stop_requested();
        return std::move(outcome_);
    }
    write_file_atomically(file("result.json"), merge_result_json(options_, outcome_));
    return std::move(outcome_);
}

} // namespace

MergePlan MergeAutoOutcome::plan() const {
    if (accepted) return candidates[*accepted].predicted.plan;
    MergePlan apart;
    for (const std::string& task : affinities.tasks) apart.groups.push_back({task});
    return apart;
}

PredictionAgreement prediction_agreement(const MergeAutoOutcome& outcome) {
    std::vector<double> predicted, transplanted, predicted_of_healed, healed;
    for (std::size_t i = 0; i < outcome.candidates.size(); ++i) {
        const MergeCandidate& candidate = outcome.candidates[i];
        predicted.push_back(candidate.predicted.relative_accuracy);
        transplanted.push_back(outcome.transplanted.mean.ap.sides.at(i + 1).estimate);
        if (!candidate.verdict) continue;
        predicted_of_healed.push_back(candidate.predicted.relative_accuracy);
        healed.push_back(candidate.verdict->comparison.mean.ap.sides.front().estimate);
    }
    return {rank_correlation(predicted, transplanted), rank_correlation(predicted_of_healed, healed), healed.size()};
}

MergeAutoOutcome merge_auto(const MergeAutoOptions& options) {
    BANYAN_CHECK(!options.budget.is_empty() && options.candidates >= 1 && options.seeds >= 1,
                 "merge auto: expected a budget, a candidate and a seed");
    const std::optional<FolderLock> lock = FolderLock::try_lock(options.folder);
    if (!lock) {
        throw UsageError(ErrorText{"--out " + options.folder, "another process is at work in the folder", "", "",
                                   "wait for it or name another folder"});
    }
    install_stop_handlers();
    return MergeAuto(options).run();
}

} // namespace banyan
