#include "train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "core/allocator.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/stop_signal.h"
#include "data/label_selection.h"
#include "eval/coco_writer.h"
#include "model/libtorch.h"
#include "model/saved_model.h"
#include "model/weights_file.h"
#include "train/checkpoint.h"
#include "train/non_finite_guard.h"
#include "train/pictures.h"
#include "train/predictor.h"
#include "train/run_folder.h"
#include "train/run_identity.h"
#include "train/run_report.h"
#include "train/start_weights.h"
#include "train/step_update.h"
#include "train/teacher.h"
#include "train/train_step.h"
#include "train/trunk_norm.h"

namespace banyan {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void log_datasets(const std::vector<Dataset>& datasets, const ClassTable& table) {
    for (const Dataset& dataset : datasets) {
        log_info("data set " + dataset.name() + ": " + describe(dataset, table));
        for (const std::string& note : dataset.notes()) log_info(dataset.name() + ": " + note);
        for (const std::string& warning : dataset.warnings()) log_warning(dataset.name() + ": " + warning);
    }
}

std::vector<std::string> names_of(const std::vector<Dataset>& datasets) {
    std::vector<std::string> names;
    for (const Dataset& dataset : datasets) names.push_back(dataset.name());
    return names;
}

/// One run: the living objects and the loop.
class Run {
public:
    Run(const RunConfig& config, const std::string& folder, bool resume, const TrainHooks& hooks)
        : config_(config), options_(config.train), hooks_(hooks),
          model_(make_network(config.model, options_.init, module_options(options_))),
          average_(make_network(config.model, options_.init, module_options(options_))) {
        load_data();
        identity_ = identify_run(config, datasets_, validation_);
        if (!options_.pretrained.empty()) import();
        if (!options_.init.empty()) start_from_model(model_, options_.init);
        for (MultiTaskModel* model : {&model_, &average_}) {
            prepare_trunk_norms(*model, options_.trunk_norm, sampling_->expected());
        }
        for (const TeacherOptions& teacher : options_.teachers) call_teacher(teacher);
        folder_.emplace(folder, config.effective, resume); // not before everything it needs was found good
        log_datasets(datasets_, model_.classes());
        log_info("expected rows of a batch of " + std::to_string(config.loader.batch_size) + ": " +
                 expected_text(sampling_->expected()));
        optimizer_.emplace(model_.module(), options_);
        ema_.emplace(model_.module(), options_.ema_decay);
        step_.emplace(model_, options_, &teachers_);
        update_.emplace(model_, *step_, *optimizer_, *ema_, options_);
        guard_.emplace(options_, folder, BatchNames{names_of(datasets_), model_.classes()});
        state_.emplace(TrainState{model_, *optimizer_, *ema_});
        if (resume) restore();
    }

    TrainOutcome loop();

private:
    void load_data();
    void import();
    void call_teacher(TeacherOptions teacher);
    void restore();
    void train_one_step(BatchLoader& loader);
    void log(StepRecord record);
    Predictor predictor(double score_threshold);
    EvalReport judge(CocoProblem* problem = nullptr);
    void evaluate();
    bool is_due(std::int64_t every) const;
    bool evaluation_is_due() const;
    void write_report();
    void save_weights(const std::string& name);
    void checkpoint();

    const RunConfig& config_;
    const TrainOptions& options_;
    const TrainHooks& hooks_;
    std::optional<RunFolder> folder_;
    RunIdentity identity_;
    std::vector<Dataset> datasets_, validation_;
    std::optional<SamplingCounter> sampling_;
    MultiTaskModel model_, average_;
    std::optional<Optimizer> optimizer_;
    std::optional<Ema> ema_;
    std::vector<int> learning_classes_; ///< of TrainOptions::learn; empty = all
    Teachers teachers_;
    std::optional<TrainStep> step_;
    std::optional<StepUpdate> update_;
    std::optional<NonFiniteGuard> guard_;
    std::optional<TrainState> state_;
    std::optional<Progress> progress_;
    EvalReport report_;
    bool is_saved_ = false;                 ///< a checkpoint holds the state as it is now
    double data_wait_s_ = 0, window_s_ = 0; // since the last logged step
    std::int64_t window_images_ = 0;
};

void Run::load_data() {
    const ClassTable& table = model_.classes();
    for (const std::string& task : options_.learn) {
        const int index = table.find_task(task).value();
        const auto count = static_cast<int>(table.tasks()[static_cast<std::size_t>(index)].classes.size());
        for (int k = 0; k < count; ++k) learning_classes_.push_back(table.first_class(index) + k);
    }
    datasets_ = load_datasets(config_.datasets, table);
    check_label_coverage(datasets_, table);
    sampling_.emplace(datasets_,
                      SamplingPlanOptions{config_.loader.sampling, config_.loader.batch_size, config_.loader.seed});
    if (!config_.validation.empty()) validation_ = load_datasets(config_.validation, table);
}

void Run::import() {
    const ImportReport report = import_pretrained(model_.module(), options_.pretrained, config_.model.backbone);
    log_info("imported " + std::to_string(report.loaded.size()) + " tensors from " + options_.pretrained);
}

void Run::call_teacher(TeacherOptions teacher) {
    TeacherSetting setting;
    setting.bf16 = use_bf16(options_.precision);
    setting.frozen_trunk = options_.trunk_lr_scale == 0;
    setting.name = std::to_string(teachers_.size());
    if (!options_.learn.empty()) {
        const auto learns = [&](const std::string& task) {
            return std::find(options_.learn.begin(), options_.learn.end(), task) != options_.learn.end();
        };
        if (teacher.tasks.empty()) teacher.tasks = options_.learn;
        // Unknown ones stay, to be refused.
        std::erase_if(teacher.tasks, [&](const std::string& task) {
            return model_.classes().find_task(task).has_value() && !learns(task);
        });
        if (teacher.tasks.empty()) teacher.weight = 0; // its hints remain
        if (teacher.weight == 0 && teacher.hints.empty()) {
            log_info("teacher " + teacher.model + ": left out, its tasks do not learn");
            return;
        }
    }
    teachers_.emplace_back(std::move(teacher), model_, setting);
}

void Run::restore() {
    const std::string path = find_checkpoint(folder_->path());
    if (path.empty()) {
        log_info("no checkpoint in " + folder_->path() + " yet: the run begins again");
    } else {
        load_checkpoint(path, *state_, identity_);
        update_->load_state(state_->more);
        guard_->load_state(state_->more);
        is_saved_ = true;
        log_info("resumed " + path + " at step " + std::to_string(state_->step));
    }
    folder_->rewind(state_->step, state_->evaluated);
}

void Run::train_one_step(BatchLoader& loader) {
    const Clock::time_point start = Clock::now();
    Batch batch = loader.next();
    if (!learning_classes_.empty()) {
        for (Labels& labels : batch.labels) keep_labels_of(labels, learning_classes_);
    }
    data_wait_s_ += seconds_since(start);
    StepOutcome outcome = update_->run(batch, state_->step);
    if (outcome.non_finite) {
        guard_->handle(*outcome.non_finite, batch, state_->step);
    } else {
        guard_->passed();
    }
    ++state_->step;
    is_saved_ = false;
    window_s_ += seconds_since(start);
    window_images_ += batch.count;
    if (!outcome.conflicts.empty()) folder_->log_conflicts(state_->step, outcome.conflicts);
    log({state_->step, outcome.loss, outcome.lr, outcome.gradient_norm, std::move(outcome.branches), outcome.hint_loss,
         guard_->skipped()});
    if (hooks_.after_step) folder_->log_affinity(hooks_.after_step(model_, datasets_, state_->step));
}

void Run::log(StepRecord record) {
    char text[96];
    std::snprintf(text, sizeof text, "loss %.3f, %.1f images/s", record.loss,
                  static_cast<double>(window_images_) / window_s_);
    progress_->update(state_->step, text);
    if (record.step % options_.log_every != 0 && record.step != options_.steps) return;
    const std::int64_t logged = (record.step - 1) / options_.log_every * options_.log_every; // the line before
    record.sampling = sampling_->count(logged, record.step);
    folder_->log_step(record, {static_cast<double>(window_images_) / window_s_, data_wait_s_ / window_s_});
    data_wait_s_ = window_s_ = 0;
    window_images_ = 0;
}

Predictor Run::predictor(double score_threshold) {
    ema_->copy_to(average_.module());
    return make_predictor(average_, score_threshold, options_.precision);
}

EvalReport Run::judge(CocoProblem* problem) {
    EvalOptions eval_options;
    eval_options.side = config_.model.input_side;
    eval_options.stop = [] { return stop_requested().has_value(); };
    return evaluate_datasets(predictor(kEvalScoreThreshold), validation_, model_.classes(), eval_options, problem);
}

void Run::evaluate() {
    CocoProblem problem;
    EvalReport report = judge(&problem);
    if (report.images == 0) return; // stopped half-way; a resumed run begins it again
    report_ = std::move(report);
    state_->evaluated = state_->step;
    is_saved_ = false;
    folder_->log_eval(state_->step, report_);
    write_file_atomically(folder_->path() + "/predictions.coco.json", coco_predictions_json(problem));
    const double score = report_.mean(CocoStat::ap);
    log_info("step " + std::to_string(state_->step) + ": mean AP " + std::to_string(score) + ", AP50 " +
             std::to_string(report_.mean(CocoStat::ap50)));
    if (score <= state_->best_score) return;
    state_->best_score = score;
    save_weights("best");
}

void Run::write_report() {
    PictureOptions picture_options;
    picture_options.side = config_.model.input_side;
    write_run_report(
        folder_->path(), report_,
        draw_detections(predictor(picture_options.score_threshold), validation_, model_.classes(), picture_options));
}

void Run::save_weights(const std::string& name) {
    ema_->copy_to(average_.module());
    save_model(folder_->weights(name), average_,
               {{"step", std::to_string(state_->step)}, {"config_hash", identity_.config_hash}});
}

void Run::checkpoint() {
    if (is_saved_) return;
    save_weights("last");
    folder_->keep_best_weights(state_->step);
    state_->more = update_->state();
    state_->more.merge(guard_->state());
    save_checkpoint(folder_->checkpoint(state_->step), *state_, identity_);
    folder_->keep_newest_checkpoint(state_->step);
    is_saved_ = true;
}

bool Run::is_due(std::int64_t every) const {
    if (state_->step == options_.steps) return true;
    return state_->step > 0 && every > 0 && state_->step % every == 0;
}

bool Run::evaluation_is_due() const {
    return !validation_.empty() && state_->evaluated != state_->step && is_due(options_.eval_every);
}

TrainOutcome Run::loop() {
    const Clock::time_point start = Clock::now();
    BatchLoader loader(datasets_, config_.loader, config_.transforms, state_->step);
    progress_.emplace("training", options_.steps, "step");
    while (true) { // begins with what a stopped run left undone after its last step
        if (evaluation_is_due()) evaluate();
        if (is_due(options_.checkpoint_every)) checkpoint();
        if (state_->step == options_.steps || stop_requested()) break;
        train_one_step(loader);
    }
    progress_->finish();
    log_info("rows of " + std::to_string(state_->step) +
             " batches (expected): " + counted_text(sampling_->count(0, state_->step)));
    if (guard_->skipped() > 0) {
        log_warning(std::to_string(guard_->skipped()) + " of " + std::to_string(state_->step) +
                    " steps were skipped: a loss or gradient was not finite");
    }
    if (report_.tasks.empty() && !validation_.empty() && !stop_requested()) report_ = judge(); // resumed at its end
    if (!stop_requested()) write_report();
    TrainOutcome outcome;
    outcome.stop_signal = stop_requested();
    if (outcome.stop_signal) checkpoint();
    outcome.step = state_->step;
    outcome.best_score = state_->best_score;
    outcome.report = report_;
    outcome.seconds = seconds_since(start);
    return outcome;
}

} // namespace

TrainOutcome train(const RunConfig& config, const std::string& folder, bool resume, const TrainHooks& hooks) {
    if (config.train.keep_pages) keep_pages();
    if (config.train.threads > 0) at::set_num_threads(config.train.threads);
    install_stop_handlers();
    return Run(config, folder, resume, hooks).loop();
}

} // namespace banyan
