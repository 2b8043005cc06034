#include "train/isolation_check.h"

#include <algorithm>
#include <optional>
#include <set>

#include "core/check.h"
#include "data/sampling_counts.h"
#include "model/libtorch.h"
#include "model/weights_file.h"
#include "train/idle_pictures.h"
#include "train/start_weights.h"
#include "train/state_snapshot.h"
#include "train/step_update.h"
#include "train/trunk_norm.h"

namespace banyan {

namespace {

/// Most steps of a kind for one that shall count: batches may miss a branch, or hold nothing that is labelled.
constexpr std::int64_t kTries = 10;

/// A run without a folder, with steps on any pictures.
class Rehearsal {
public:
    Rehearsal(const RunConfig& config, const IsolationOptions& options)
        : config_(config), options_(options), model_(config.model, module_options(config.train)) {
        datasets_ = load_datasets(config.datasets, model_.classes());
        if (!config.train.pretrained.empty()) {
            import_pretrained(model_.module(), config.train.pretrained, config.model.backbone);
        }
        if (!config.train.init.empty()) start_from_model(model_, config.train.init);
        const SamplingPlanOptions plan{config.loader.sampling, config.loader.batch_size, config.loader.seed};
        prepare_trunk_norms(model_, config.train.trunk_norm, SamplingCounter(datasets_, plan).expected());
        optimizer_.emplace(model_.module(), config.train);
        ema_.emplace(model_.module(), config.train.ema_decay);
        forward_.emplace(model_, config.train);
        update_.emplace(model_, *forward_, *optimizer_, *ema_, config.train);
    }

    std::vector<IdlePictures> idle_pictures() const { return find_idle_pictures(model_.branches(), datasets_); }

    /// Until every branch has learned, as far as batches hold labels for it.
    void warm_up() {
        BatchLoader loader(datasets_, config_.loader, config_.transforms);
        std::set<std::string> learned;
        for (std::int64_t i = 0; i < kTries * options_.steps; ++i) {
            if (i >= options_.steps && learned.size() == model_.branches().size()) return;
            for (const auto& [branch, figures] : step(loader.next()).branches) learned.insert(branch);
        }
    }

    IsolationFinding test(const IdlePictures& pictures) {
        IsolationFinding finding{pictures.branch, class_names(pictures), 0, 0, ""};
        if (pictures.datasets.empty()) return finding;
        const Branch& branch = model_.branch(pictures.branch);
        const bool whole = pictures.classes.empty();
        const ComparedTensors tensors =
            whole ? tensors_of_branch(model_, branch) : columns_of_classes(model_, branch, pictures.classes);
        const StateSnapshot before = snapshot();
        IdleLoader loader(pictures, config_.loader, config_.transforms);
        for (std::int64_t i = 0; i < kTries * options_.steps && finding.idle_steps < options_.steps; ++i) {
            const StepOutcome outcome = step(loader.next());
            const bool branch_learned = outcome.branches.count(branch.name) == 1;
            BANYAN_CHECK(!(whole && branch_learned), "isolation: branch ", branch.name, " learned without labels");
            if (whole ? !outcome.branches.empty() : branch_learned) ++finding.idle_steps;
        }
        if (finding.idle_steps == 0) return finding;
        const SnapshotComparison comparison = compare(before, snapshot(), tensors);
        finding.tensors = comparison.tensors;
        finding.first_difference = comparison.first_difference;
        return finding;
    }

private:
    StepOutcome step(const Batch& batch) {
        StepOutcome outcome = update_->run(batch, std::min(step_++, config_.train.steps - 1));
        if (outcome.non_finite) {
            throw NumericError(ErrorText{"isolation check, step " + std::to_string(step_),
                                         "a " + outcome.non_finite->what + " is not finite", "",
                                         outcome.non_finite->tensor, "lower /train/lr"});
        }
        if (options_.after_step) options_.after_step(model_);
        return outcome;
    }

    StateSnapshot snapshot() const { return StateSnapshot(model_, *optimizer_, *ema_); }

    std::vector<std::string> class_names(const IdlePictures& pictures) const {
        std::vector<std::string> names;
        for (const std::size_t place : pictures.classes) {
            names.push_back(model_.classes().class_name(model_.branch(pictures.branch).classes[place]));
        }
        return names;
    }

    const RunConfig& config_;
    const IsolationOptions& options_;
    std::vector<Dataset> datasets_;
    MultiTaskModel model_;
    std::optional<Optimizer> optimizer_;
    std::optional<Ema> ema_;
    std::optional<TrainStep> forward_;
    std::optional<StepUpdate> update_;
    std::int64_t step_ = 0;
};

} // namespace

std::vector<IsolationFinding> check_isolation(const RunConfig& config, const IsolationOptions& options) {
    BANYAN_CHECK(options.steps > 0, "isolation: expected at least 1 step, found ", options.steps);
    if (config.train.threads > 0) at::set_num_threads(config.train.threads);
    Rehearsal rehearsal(config, options);
    std::vector<IdlePictures> all = rehearsal.idle_pictures();
    const bool naive = config.train.unlabelled == Unlabelled::background;
    for (IdlePictures& pictures : all) {
        if (naive) pictures.datasets.clear();
    }
    rehearsal.warm_up();
    std::vector<IsolationFinding> findings;
    for (const IdlePictures& pictures : all) findings.push_back(rehearsal.test(pictures));
    return findings;
}

} // namespace banyan
