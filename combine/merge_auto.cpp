#include "combine/merge_auto.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
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
#include "network/build_graph.h"
#include "network/model_file.h"
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

std::int64_t parameters_of(const ModelOptions& network) { return total_cost(build_graph(network)).parameters; }

class MergeAuto {
public:
    explicit MergeAuto(const MergeAutoOptions& options) : options_(options), judge_(options.config, "the config") {
        check_mergeable(options.config.model);
        judge_.check_objects();
        warn_of_unjudged_tasks();
        check_plans();
        claim_folder();
    }

    MergeAutoOutcome run();

private:
    std::string file(const std::string& name) const { return options_.folder + "/" + name; }
    std::string unmerged() const { return file("unmerged.banyan.safetensors"); }
    std::string result() const { return file("merged.banyan.safetensors"); }
    void check_mergeable(const ModelOptions& model) const;
    void warn_of_unjudged_tasks() const;
    void claim_folder() const;
    void begin(const std::string& stage);
    void measure();
    void find_costs();
    bool find_plans();
    void find_candidates();
    bool keeps_apart() const;
    std::string too_slow_text() const;
    void check_plans();
    void transplant();
    void heal_and_confirm();
    void finish();

    const MergeAutoOptions& options_;
    ValidationJudge judge_;
    StageLog log_{kStages};
    std::vector<MergePlan> given_plans_;
    ModelOptions network_; ///< unmerged, known once it is measured
    MergeAutoOutcome outcome_;
};

/// All heads could share one tower: else a plan may be chosen that no network can follow.
void MergeAuto::check_mergeable(const ModelOptions& model) const {
    check_can_be_probed(model);
    plan_branches(MultiTaskModel(model), {{names_of(model.tasks)}}, {options_.measure.boxes, 0});
}

/// What a merge does to such a task no number tells.
void MergeAuto::warn_of_unjudged_tasks() const {
    const std::vector<std::string> unjudged = judge_.tasks_without_objects();
    if (unjudged.empty()) return;
    std::string names;
    for (const std::string& task : unjudged) names += (names.empty() ? "" : ", ") + task;
    log_warning("no validation set has an object of " + names + ": merges are judged without it");
}

/// Each fits the tasks, joins some, and has no more branches than the budget allows.
void MergeAuto::check_plans() {
    for (const MergePlan& plan : options_.plans) {
        given_plans_.push_back(checked_plan(plan, options_.config.model.tasks, "--plans"));
        const std::size_t branches = given_plans_.back().groups.size();
        const bool fits = !options_.budget.branches || branches <= static_cast<std::size_t>(*options_.budget.branches);
        if (fits && branches < options_.config.model.tasks.size()) continue;
        throw UsageError(ErrorText{"--plans", fits ? "a plan that joins no tasks" : "a plan with too many branches",
                                   "merged branches within " + merge_budget_text(options_.budget),
                                   "\"" + plan_text(given_plans_.back()) + "\"", ""});
    }
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
        if (fs::exists(file("measure.json")) && !options_.resume)
            refuse("the folder holds a measurement", "go on from it with --resume, or name another folder");
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
    network_ = ModelFile::load(unmerged()).options;
    check_mergeable(network_); // a given model is not the config's
    outcome_.costs =
        or_stop(costs_in_folder(network_, {options_.folder, options_.target, options_.measure.boxes}, options_.meter));
    outcome_.parameters_before = parameters_of(network_);
}

/// @return false where no plan keeps the budget
bool MergeAuto::find_plans() {
    begin("which tasks to merge");
    PlanOptions plan;
    plan.ranked = std::max(plan.ranked, options_.candidates);
    plan.wanted = given_plans_;
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
    find_candidates();
    return outcome_.problem.empty();
}

/// The network as it is keeps the budget.
bool MergeAuto::keeps_apart() const {
    const std::size_t branches = outcome_.affinities.tasks.size();
    const bool few = !options_.budget.branches || branches <= static_cast<std::size_t>(*options_.budget.branches);
    return few && keeps_latency(*outcome_.unmerged_latency, options_.budget);
}

std::string MergeAuto::too_slow_text() const {
    PlanLatency nearest = *outcome_.unmerged_latency;
    for (const PlanLatency& plan : outcome_.too_slow) {
        if (plan.median_ms < nearest.median_ms) nearest = plan;
    }
    return format_error(
        {"--budget " + merge_budget_text(options_.budget), "no plan keeps it when it is measured", "",
         "the nearest is " + plan_text(nearest.plan) + " for " + format_fixed(nearest.median_ms, 2) + " ms",
         "allow more time"});
}

/// Plans in their order, as long as they keep the budget when they are measured.
void MergeAuto::find_candidates() {
    PlanLatencies latencies(file("latencies.json"), network_, options_.measure.boxes, options_.meter);
    outcome_.unmerged_latency = or_stop(latencies.unmerged());
    std::vector<PredictedPlan> wanted =
        given_plans_.empty() ? plans_to_try(outcome_.plans, keeps_apart()) : outcome_.plans.wanted;
    const std::size_t most = given_plans_.empty() ? options_.candidates : wanted.size();
    for (auto next = wanted.begin(); next != wanted.end() && outcome_.candidates.size() < most;) {
        const auto count = std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(most - outcome_.candidates.size()),
                                                    wanted.end() - next);
        std::vector<MergePlan> plans;
        std::transform(next, next + count, std::back_inserter(plans), [](const auto& plan) { return plan.plan; });
        for (PlanLatency& latency : or_stop(latencies.of(plans))) {
            PredictedPlan& predicted = *next++;
            if (!keeps_latency(latency, options_.budget)) {
                log_info(plan_text(latency.plan) + " takes " + format_fixed(latency.median_ms, 2) +
                         " ms, over the budget");
                outcome_.too_slow.push_back(std::move(latency));
                continue;
            }
            const std::string number = std::to_string(outcome_.candidates.size() + 1);
            outcome_.candidates.push_back({std::move(predicted), std::move(latency),
                                           file("candidates/" + number + ".banyan.safetensors"), std::nullopt});
        }
    }
    if (outcome_.candidates.empty() && !keeps_apart()) outcome_.problem = too_slow_text();
}

void MergeAuto::transplant() {
    begin("merging without training");
    if (!make_transplants(options_, unmerged(), outcome_.candidates, file("confirm"))) throw StopAsked();
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
    outcome_.kept_apart = !outcome_.accepted && keeps_apart();
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
    begin("the result");
    const std::string healed = outcome_.accepted ? file("confirm/healed.banyan.safetensors") : unmerged();
    outcome_.parameters_after = parameters_of(ModelFile::load(healed).options);
    write_file_atomically(result(), read_file(healed));
    write_file_atomically(file("plan.json"), plan_json(outcome_.plan()));
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

const PlanLatency& MergeAutoOutcome::latency() const {
    return accepted ? candidates[*accepted].latency : unmerged_latency.value();
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
