#include "train/trainer.h"

#include <chrono>
#include <cmath>
#include <cstdio>

#include <torch/torch.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/stop_signal.h"
#include "eval/coco_writer.h"
#include "model/allocator.h"
#include "model/model_file.h"
#include "model/weights_file.h"
#include "train/checkpoint.h"
#include "train/pictures.h"
#include "train/run_folder.h"
#include "train/run_report.h"
#include "train/train_step.h"

namespace banyan {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

GraphModuleOptions module_options(const TrainOptions& options) {
    GraphModuleOptions module;
    module.seed = options.seed;
    module.channels_last = options.channels_last;
    return module;
}

/// Identifies a config: what a checkpoint may be resumed with.
std::string hash_of(const std::string& text) {
    std::uint64_t hash = 14695981039346656037ULL; // FNV-1a
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    return std::to_string(hash);
}

void log_datasets(const std::vector<Dataset>& datasets, const ClassTable& table) {
    for (const Dataset& dataset : datasets) {
        std::string boxes;
        const std::vector<std::int64_t> counts = dataset.box_counts();
        for (std::size_t k = 0; k < counts.size(); ++k) {
            if (counts[k] == 0) continue;
            boxes +=
                (boxes.empty() ? "" : ", ") + table.class_name(static_cast<int>(k)) + " " + std::to_string(counts[k]);
        }
        log_info("data set " + dataset.name() + ": " + std::to_string(dataset.size()) + " images; boxes: " + boxes);
        for (const std::string& warning : dataset.warnings()) log_warning(dataset.name() + ": " + warning);
    }
}

std::string require_checkpoint(const std::string& folder) {
    std::string path = find_checkpoint(folder);
    if (!path.empty()) return path;
    throw UsageError(ErrorText{"--resume", "no checkpoint in " + folder, "", "", "start without --resume"});
}

/// One run: the living objects and the loop.
class Run {
public:
    Run(const RunConfig& config, const std::string& folder, bool resume)
        : config_(config), options_(config.train), config_hash_(hash_of(config.effective)),
          model_(config.model, module_options(config.train)), average_(config.model, module_options(config.train)) {
        checkpoint_ = resume ? require_checkpoint(folder) : "";
        load_data();
        if (!options_.pretrained.empty()) import();
        folder_.emplace(folder, config.effective, resume); // not before everything it needs was found good
        log_datasets(datasets_, model_.classes());
        optimizer_.emplace(model_.module(), options_);
        ema_.emplace(model_.module(), options_.ema_decay);
        step_.emplace(model_, options_);
        state_.emplace(TrainState{model_, *optimizer_, *ema_});
        if (resume) restore();
    }

    TrainOutcome loop();

private:
    void load_data();
    void import();
    void restore();
    void train_one_step(BatchLoader& loader);
    void take_optimizer_step(const StepLosses& losses, StepRecord& record);
    void log(StepRecord record);
    Predictor predictor(double score_threshold);
    EvalReport judge(CocoProblem* problem = nullptr);
    void evaluate();
    void write_report();
    void save_weights(const std::string& name);
    void checkpoint();

    const RunConfig& config_;
    const TrainOptions& options_;
    std::optional<RunFolder> folder_;
    std::string config_hash_;
    std::string checkpoint_; ///< to go on from; "" for a new run
    std::vector<Dataset> datasets_, validation_;
    MultiTaskModel model_, average_;
    std::optional<Optimizer> optimizer_;
    std::optional<Ema> ema_;
    std::optional<TrainStep> step_;
    std::optional<TrainState> state_;
    std::optional<Progress> progress_;
    EvalReport report_;
    double data_wait_s_ = 0, window_s_ = 0; // since the last logged step
    std::int64_t window_images_ = 0;
};

void Run::load_data() {
    const ClassTable& table = model_.classes();
    datasets_ = load_datasets(config_.datasets, table);
    check_label_coverage(datasets_, table);
    if (!config_.validation.empty()) validation_ = load_datasets(config_.validation, table);
}

void Run::import() {
    const ImportReport report = import_pretrained(model_.module(), options_.pretrained, config_.model.backbone);
    log_info("imported " + std::to_string(report.loaded.size()) + " tensors from " + options_.pretrained);
}

void Run::restore() {
    load_checkpoint(checkpoint_, *state_, config_hash_);
    folder_->rewind_metrics(state_->step);
    log_info("resumed " + checkpoint_ + " at step " + std::to_string(state_->step));
}

void Run::take_optimizer_step(const StepLosses& losses, StepRecord& record) {
    optimizer_->zero_grad();
    losses.total.backward();
    record.gradient_norm = optimizer_->clip(options_.clip_norm);
    if (!std::isfinite(record.gradient_norm)) {
        throw NumericError(ErrorText{"step " + std::to_string(state_->step), "a gradient is not finite", "",
                                     optimizer_->find_non_finite_gradient(),
                                     "lower /train/lr or set /train/precision to \"fp32\""});
    }
    const double scale = lr_scale(options_, state_->step);
    record.lr = options_.lr * scale;
    optimizer_->step(scale);
    ema_->update(model_.module(), touched_tensors(model_.module(), losses));
}

void Run::train_one_step(BatchLoader& loader) {
    const Clock::time_point start = Clock::now();
    const Batch batch = loader.next();
    data_wait_s_ += seconds_since(start);
    StepLosses losses = step_->forward(batch);
    StepRecord record;
    if (losses.total.defined()) {
        record.loss = losses.total.item<double>();
        take_optimizer_step(losses, record);
    }
    ++state_->step;
    window_s_ += seconds_since(start);
    window_images_ += batch.count;
    record.step = state_->step;
    record.branches = std::move(losses.branches);
    log(std::move(record));
}

void Run::log(StepRecord record) {
    char text[96];
    std::snprintf(text, sizeof text, "loss %.3f, %.1f images/s", record.loss,
                  static_cast<double>(window_images_) / window_s_);
    progress_->update(state_->step, text);
    if (record.step % options_.log_every != 0 && record.step != options_.steps) return;
    record.images_per_second = static_cast<double>(window_images_) / window_s_;
    record.data_wait_share = data_wait_s_ / window_s_;
    folder_->log_step(record);
    data_wait_s_ = window_s_ = 0;
    window_images_ = 0;
}

Predictor Run::predictor(double score_threshold) {
    ema_->copy_to(average_.module());
    PredictOptions predict_with = predict_options(config_.model.detection);
    predict_with.score_threshold = score_threshold;
    predict_with.bf16 = use_bf16(options_.precision);
    return [this, predict_with](const at::Tensor& pixels) { return predict(average_, pixels, predict_with); };
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
    if (stop_requested()) return;
    report_ = std::move(report);
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
               {{"step", std::to_string(state_->step)}, {"config_hash", config_hash_}});
}

void Run::checkpoint() {
    save_weights("last");
    save_checkpoint(folder_->checkpoint(state_->step), *state_, config_hash_);
    folder_->keep_newest_checkpoint(state_->step);
}

TrainOutcome Run::loop() {
    const Clock::time_point start = Clock::now();
    BatchLoader loader(datasets_, config_.loader, config_.transforms, state_->step);
    progress_.emplace("training", options_.steps, "step");
    const auto is_due = [&](std::int64_t every) { return every > 0 && state_->step % every == 0; };
    while (state_->step < options_.steps && !stop_requested()) {
        train_one_step(loader);
        const bool last = state_->step == options_.steps;
        if (!validation_.empty() && (last || is_due(options_.eval_every))) evaluate();
        if (last || is_due(options_.checkpoint_every)) checkpoint();
    }
    progress_->finish();
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

TrainOutcome train(const RunConfig& config, const std::string& folder, bool resume) {
    if (config.train.keep_pages) keep_pages();
    if (config.train.threads > 0) at::set_num_threads(config.train.threads);
    install_stop_handlers();
    return Run(config, folder, resume).loop();
}

} // namespace banyan
