#include <algorithm>
#include <filesystem>
#include <iostream>

#include "apps/judge_datasets.h"
#include "apps/option_values.h"
#include "apps/run_commands.h"
#include "apps/stopped.h"
#include "apps/text_table.h"
#include "apps/transplant_output.h"
#include "combine/calibration_pictures.h"
#include "combine/transplant.h"
#include "core/allocator.h"
#include "core/log.h"
#include "eval/evaluate.h"
#include "heads/head_config.h"
#include "model/saved_model.h"
#include "train/predictor.h"
#include "train/train_config.h"

namespace banyan {

namespace {

constexpr std::int64_t kMaxImages = 100000;
constexpr std::int64_t kMaxWidth = 1024;

std::int64_t integer_option(const Options& options, const char* name, std::int64_t low, std::int64_t high) {
    const auto value = options[name].as<std::int64_t>();
    if (low <= value && value <= high) return value;
    throw UsageError(ErrorText{"--" + std::string(name), "out of range",
                               "an integer in [" + std::to_string(low) + ", " + std::to_string(high) + "]",
                               std::to_string(value), ""});
}

std::int64_t width_option(const Options& options) {
    const std::int64_t width = integer_option(options, "width", 8, kMaxWidth);
    if (width % 8 == 0) return width;
    throw UsageError(ErrorText{"--width", "out of range", "a multiple of 8", std::to_string(width), ""});
}

MergePlan plan_option(const Options& options, const std::vector<Task>& tasks) {
    const std::string text = text_option(options, "plan");
    const bool is_file = text.ends_with(".json") || std::filesystem::is_regular_file(text);
    const MergePlan plan = is_file ? load_plan(text) : plan_from_text(text, "--plan");
    return checked_plan(plan, tasks, is_file ? text : "--plan");
}

TransplantOptions transplant_options(const Options& options) {
    TransplantOptions result;
    result.method = tower_method(text_option(options, "method"));
    const std::string boxes = text_option(options, "boxes");
    const auto& choices = box_outputs_choices();
    const auto found =
        std::find_if(choices.begin(), choices.end(), [&](const auto& choice) { return choice.first == boxes; });
    if (found == choices.end()) {
        throw UsageError(ErrorText{"--boxes", "unknown box outputs", "per_task or shared", "\"" + boxes + "\"", ""});
    }
    result.boxes = found->second;
    if (options.count("width") != 0) result.width = width_option(options);
    return result;
}

/// Tasks that the plan gives a branch with others.
std::vector<std::string> merged_tasks(const MergePlan& plan) {
    std::vector<std::string> tasks;
    for (const std::vector<std::string>& group : plan.groups) {
        if (group.size() > 1) tasks.insert(tasks.end(), group.begin(), group.end());
    }
    return tasks;
}

at::Tensor pictures_for(const Options& options, const MultiTaskModel& model, const MergePlan& plan) {
    const int side = model.options().input_side;
    const std::vector<std::string> tasks = merged_tasks(plan);
    if (tasks.empty()) return at::empty({0, side, side, 3}, at::kByte);
    const std::vector<DatasetOptions> listed = load_dataset_list(text_option(options, "data"), "datasets");
    const std::vector<Dataset> datasets = load_datasets(datasets_for(listed, model.classes()), model.classes());
    const auto count = static_cast<std::size_t>(integer_option(options, "images", 1, kMaxImages));
    return calibration_pictures(datasets, model.classes(), tasks, count, side);
}

EvalReport judge(MultiTaskModel& model, const std::vector<Dataset>& datasets, const std::string& what) {
    return judge_datasets(make_predictor(model, kEvalScoreThreshold, Precision::automatic), model.options().input_side,
                          datasets, model.classes(), "judging " + what);
}

std::vector<Dataset> validation_sets(const Options& options, const MultiTaskModel& model) {
    if (options.count("no-eval") != 0) return {};
    const RunConfig config = load_run_config(text_option(options, "data"));
    return load_datasets(datasets_for(config.validation, model.classes()), model.classes());
}

} // namespace

ExitCode run_merge_apply(const Options& options) {
    keep_pages();
    install_stop_handlers();
    MultiTaskModel source = load_model(text_option(options, "model"));
    const MergePlan plan = plan_option(options, source.options().tasks);
    const TransplantOptions wanted = transplant_options(options);
    Transplant made = merge_branches(source, plan, pictures_for(options, source, plan), wanted);
    const std::string out = text_option(options, "out");
    save_model(out, made.model, {{"merge_plan", plan_text(plan)}, {"merged_from", text_option(options, "model")}});
    log_info("merged: " + out);
    TransplantResult result{out, plan, made.branches, {}, {}};
    const std::vector<Dataset> datasets = validation_sets(options, source);
    if (!datasets.empty()) {
        result.before = judge(source, datasets, "the unmerged network");
        result.after = judge(made.model, datasets, "the merged network");
    }
    stop_if_requested();
    std::cout << (options.count("json") != 0 ? transplant_json(result) : transplant_text(result));
    return ExitCode::ok;
}

} // namespace banyan
