#include "combine/pair_transplants.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "combine/affinity_probe.h"
#include "combine/calibration_pictures.h"
#include "combine/head_copy.h"
#include "combine/validation_judge.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/stop_signal.h"
#include "eval/evaluate.h"
#include "eval/paired_bootstrap.h"
#include "graph/remove_dead.h"
#include "model/saved_model.h"
#include "network/build_graph.h"
#include "train/predictor.h"

namespace banyan {

namespace {

constexpr double kOneSigma = 0.6826894921370859; // of a normal distribution within one standard deviation

using TaskPair = std::pair<std::string, std::string>;

/// All pairs in the order of transplant_drops().
std::vector<TaskPair> pairs_of(const std::vector<Task>& tasks) {
    std::vector<TaskPair> pairs;
    for (std::size_t a = 0; a < tasks.size(); ++a) {
        for (std::size_t b = a + 1; b < tasks.size(); ++b) pairs.emplace_back(tasks[a].name, tasks[b].name);
    }
    return pairs;
}

/// The plan that joins one pair.
MergePlan plan_with(const std::vector<Task>& tasks, const TaskPair& pair) {
    MergePlan plan;
    for (const Task& task : tasks) {
        if (task.name == pair.first) {
            plan.groups.push_back({pair.first, pair.second});
        } else if (task.name != pair.second) {
            plan.groups.push_back({task.name});
        }
    }
    return plan;
}

/// The network without the branches of all other tasks; class ids stay.
MultiTaskModel cut_to(const MultiTaskModel& model, const TaskPair& pair) {
    Graph graph = keep_outputs(model.module().graph(), output_names_of(model.options(), {pair.first, pair.second}));
    MultiTaskModel cut(model.options(), std::move(graph), model.module().options());
    for (const auto& [name, parameter] : cut.module().graph().parameters) {
        cut.module().assign(name, model.module().tensor(name));
    }
    return cut;
}

/// The validation sets that label a task of the pair, and where their pictures stand among all.
struct PairSets {
    std::vector<Dataset> datasets;
    std::vector<std::int32_t> places; ///< [picture of all sets] among theirs, or -1
};

PairSets sets_of(const ValidationJudge& judge, const TaskPair& pair) {
    const auto labels_it = [&](const Record& record) {
        for (int k = 0; k < judge.classes().size(); ++k) {
            const std::string& task = judge.classes().task_name_of(k);
            if (task != pair.first && task != pair.second) continue;
            if (record.labels.states[static_cast<std::size_t>(k)] != LabelState::unknown) return true;
        }
        return false;
    };
    PairSets sets;
    std::int32_t next = 0;
    for (const Dataset& dataset : judge.datasets()) {
        const bool wanted = std::any_of(dataset.records().begin(), dataset.records().end(), labels_it);
        for (std::size_t r = 0; r < dataset.size(); ++r) sets.places.push_back(wanted ? next++ : -1);
        if (wanted) sets.datasets.push_back(dataset);
    }
    return sets;
}

/// A task's AP before minus after.
MeasuredMean drop_of(const BootstrapResult& result, const std::string& task) {
    const auto row = std::find_if(result.tasks.begin(), result.tasks.end(),
                                  [&](const BootstrapRow& entry) { return entry.name == task; });
    if (row == result.tasks.end() || row->ap.sides.front().estimate < 0) return {}; // no ground truth
    const BootstrapDifference& lost = row->ap.differences.front();
    return {lost.estimate, (lost.high - lost.low) / 2, static_cast<std::int64_t>(result.images)};
}

class PairMeasurement {
public:
    PairMeasurement(const RunConfig& config, const PairTransplantOptions& options)
        : config_(config), options_(options), judge_(config, "the config"), model_(load_model(options.model)) {
        check_can_be_probed(model_.options());
        training_ = load_datasets(config.datasets, judge_.classes());
    }

    std::optional<AffinityMatrix> run();

private:
    std::string file(const std::string& name) const { return options_.folder + "/" + name; }
    std::optional<PairDrops> measure(const TaskPair& pair);
    std::optional<PairDrops> compare(MultiTaskModel& merged, const TaskPair& pair) const;
    std::vector<CocoDetection> found_before(const TaskPair& pair, const PairSets& sets) const;

    const RunConfig& config_;
    const PairTransplantOptions& options_;
    ValidationJudge judge_;
    MultiTaskModel model_;
    std::vector<Dataset> training_;
    std::vector<CocoDetection> unmerged_; ///< of the network as it is
};

std::optional<AffinityMatrix> PairMeasurement::run() {
    const std::string header = pairs_header_json(config_, options_);
    const std::vector<TaskPair> pairs = pairs_of(model_.options().tasks);
    std::vector<PairDrops> done = load_pairs(file("pairs.jsonl"), header);
    std::string lines = header + "\n";
    for (std::size_t i = 0; i < done.size(); ++i) lines += pair_json(pairs.at(i), done[i]) + "\n";
    if (done.size() < pairs.size()) {
        auto unmerged = judge_.detections(options_.model, file("unmerged.coco.json"));
        if (!unmerged) return std::nullopt;
        unmerged_ = std::move(*unmerged);
    }
    Progress progress("merging pairs", static_cast<std::int64_t>(pairs.size()), "pair");
    while (done.size() < pairs.size()) {
        const TaskPair& pair = pairs[done.size()];
        progress.update(static_cast<std::int64_t>(done.size()), pair.first + "+" + pair.second);
        const std::optional<PairDrops> drops = measure(pair);
        if (!drops) return std::nullopt;
        lines += pair_json(pair, *drops) + "\n";
        write_file_atomically(file("pairs.jsonl"), lines);
        done.push_back(*drops);
    }
    progress.update(static_cast<std::int64_t>(pairs.size()));
    std::size_t next = 0;
    return transplant_drops(model_.options().tasks.size(), [&](std::size_t, std::size_t) { return done[next++]; });
}

/// Nothing when a signal stopped it.
std::optional<PairDrops> PairMeasurement::measure(const TaskPair& pair) {
    if (stop_requested()) return std::nullopt;
    const at::Tensor pictures = calibration_pictures(training_, judge_.classes(), {pair.first, pair.second},
                                                     options_.pictures, model_.options().input_side);
    std::optional<MultiTaskModel> merged;
    try {
        const MergePlan plan = plan_with(model_.options().tasks, pair);
        merged = cut_to(merge_branches(model_, plan, pictures, options_.transplant).model, pair);
    } catch (const UsageError& error) {
        log_warning(pair.first + " and " + pair.second + " are not merged: " + error.what());
        return PairDrops{};
    }
    return compare(*merged, pair);
}

std::optional<PairDrops> PairMeasurement::compare(MultiTaskModel& merged, const TaskPair& pair) const {
    const PairSets sets = sets_of(judge_, pair);
    if (sets.datasets.empty()) return PairDrops{};
    EvalOptions eval;
    eval.side = merged.options().input_side;
    eval.stop = [] { return stop_requested().has_value(); };
    CocoProblem problem;
    evaluate_datasets(make_predictor(merged, kEvalScoreThreshold, config_.train.precision), sets.datasets,
                      judge_.classes(), eval, &problem);
    if (stop_requested()) return std::nullopt;
    const std::vector<CocoDetection> after = std::exchange(problem.detections, {});
    const BootstrapResult result =
        paired_bootstrap(problem, {{"unmerged", {found_before(pair, sets)}}, {"merged", {after}}},
                         {options_.resamples, options_.seed, kOneSigma, false});
    return PairDrops{drop_of(result, pair.first), drop_of(result, pair.second)};
}

/// Detections of the pair's tasks before, in its sets.
std::vector<CocoDetection> PairMeasurement::found_before(const TaskPair& pair, const PairSets& sets) const {
    std::vector<CocoDetection> found;
    for (CocoDetection detection : unmerged_) {
        const std::string& task = judge_.classes().task_name_of(detection.category);
        detection.image = sets.places[static_cast<std::size_t>(detection.image)];
        if (detection.image >= 0 && (task == pair.first || task == pair.second)) found.push_back(detection);
    }
    return found;
}

} // namespace

std::optional<AffinityMatrix> pair_transplants(const RunConfig& config, const PairTransplantOptions& options) {
    return PairMeasurement(config, options).run();
}

} // namespace banyan
