#include "combine/run_ablation.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <utility>

#include <ATen/Parallel.h>

#include "combine/folder_lock.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/stop_signal.h"
#include "eval/coco_writer.h"
#include "graph/cost.h"
#include "model/multi_task_model.h"
#include "network/build_graph.h"
#include "train/metrics_log.h"
#include "train/run_folder.h"
#include "train/trainer.h"

namespace banyan {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

RunRow planned_row(const AblationRun& run) {
    RunRow row;
    row.cell = run.cell;
    row.seed = run.seed;
    row.folder = run.folder;
    row.config = run.config.effective;
    row.config_hash = hash_text(run.config.effective);
    row.steps = run.config.train.steps;
    const Cost cost = total_cost(build_graph(run.config.model));
    row.parameters = cost.parameters;
    row.macs = cost.macs;
    return row;
}

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

double images_per_second(const std::string& run_folder) {
    std::vector<double> speeds;
    for (const CurvePoint& point : read_metrics(run_folder).images_per_second) speeds.push_back(point.y);
    return median(std::move(speeds));
}

std::vector<RunResult> results_of(const EvalReport& report) {
    std::vector<RunResult> results;
    for (const TaskResult& task : report.tasks) {
        for (const auto& [name, stat] : {std::pair{"ap", CocoStat::ap}, std::pair{"ap50", CocoStat::ap50},
                                         std::pair{"ap75", CocoStat::ap75}, std::pair{"ar100", CocoStat::ar100}}) {
            if (task.stats[stat] >= 0) results.push_back({task.task, name, task.stats[stat]}); // -1: no ground truth
        }
    }
    return results;
}

/// Writes what a run was judged by. Runs of the same tasks share the file. @return its path in the grid's folder
std::string write_ground_truth(const RunConfig& config, const std::string& folder) {
    const ClassTable table(config.model.tasks);
    const std::string text = coco_ground_truth_json(ground_truth_of(load_datasets(config.validation, table), table));
    const std::string name = "ground-truth/" + hash_text(text) + ".coco.json";
    if (!std::filesystem::exists(folder + "/" + name)) write_file_atomically(folder + "/" + name, text);
    return name;
}

/// The runs of one grid and what was recorded of them.
class GridWork {
public:
    GridWork(const AblationGrid& grid, const AblationOptions& options)
        : grid_(grid), options_(options), runs_(runs_of(grid)),
          database_(options.folder, SqliteDatabase::Access::create), threads_(at::get_num_threads()) {
        check_recorded();
        check_folders();
        std::vector<RunRow> rows;
        for (const AblationRun& run : runs_) rows.push_back(planned_row(run));
        database_.add(rows);
        check_recorded(); // another process may have added runs meanwhile
    }

    AblationOutcome work() {
        log_to_grid();
        for (std::size_t i = 0; i < runs_.size() && !is_over(); ++i) try_run(i);
        return outcome();
    }

private:
    void check_recorded() {
        for (const AblationRun& run : runs_) {
            const std::optional<RunRow> row = database_.find(run.cell, run.seed);
            if (!row || row->state == RunState::planned) continue; // nothing was done with its config
            if (row->config != run.config.effective) refuse_changed(run, *row);
        }
    }

    /// Names that differ only in what has no place in a file name: a variant that was renamed.
    void check_folders() {
        std::map<std::string, std::pair<CellKey, std::uint64_t>> owners;
        for (const RunRow& row : database_.runs()) owners[row.folder] = {row.cell, row.seed};
        for (const AblationRun& run : runs_) {
            const auto owner = owners.find(run.folder);
            if (owner == owners.end() || owner->second == std::pair{run.cell, run.seed}) continue;
            throw ConfigError(ErrorText{
                options_.folder + "/" + run.folder, "is the folder of another run that was recorded",
                "that of \"" + cell_label(run.cell) + "\"", "that of \"" + cell_label(owner->second.first) + "\"",
                "give the variant its old name, or another one"});
        }
    }

    [[noreturn]] void refuse_changed(const AblationRun& run, const RunRow& row) const {
        throw ConfigError(
            ErrorText{options_.folder,
                      "the run \"" + cell_label(run.cell) + "\", seed " + std::to_string(run.seed) +
                          ", was begun with another config: " + config_changes(row.config, run.config.effective),
                      "", "", "take the change back, give the variant another name or use another folder"});
    }

    void log_to_grid() const { set_log_file(options_.folder + "/ablation.log"); }

    bool is_over() const {
        constexpr double kSecondsOfHour = 3600;
        if (stop_requested()) return true;
        return grid_.budget_hours > 0 && seconds_since(start_) >= grid_.budget_hours * kSecondsOfHour;
    }

    static bool is_open(const RunRow& row, bool retry) {
        return row.state == RunState::planned || row.state == RunState::begun ||
               (row.state == RunState::failed && retry);
    }

    void try_run(std::size_t index) {
        const AblationRun& run = runs_[index];
        if (!is_open(database_.find(run.cell, run.seed).value(), options_.retry)) return;
        const std::optional<FolderLock> lock = FolderLock::try_lock(options_.folder + "/" + run.folder);
        const RunRow row = database_.find(run.cell, run.seed).value(); // another process may have ended it meanwhile
        if (lock && is_open(row, options_.retry)) train_run(index, row);
    }

    void train_run(std::size_t index, const RunRow& row) {
        const AblationRun& run = runs_[index];
        const std::string folder = options_.folder + "/" + run.folder;
        log_info("run " + std::to_string(index + 1) + " of " + std::to_string(runs_.size()) + ": " +
                 cell_label(run.cell) + ", seed " + std::to_string(run.seed) + time_left());
        database_.begin(row.id);
        at::set_num_threads(threads_); // the run before may have had its own number
        const Clock::time_point start = Clock::now();
        try {
            const TrainOutcome trained = train(run.config, folder, RunFolder::holds_run(folder));
            log_to_grid();
            if (trained.stop_signal) return database_.stop(row.id, seconds_since(start));
            record(run, row, trained, seconds_since(start));
        } catch (const NumericError& error) {
            log_to_grid();
            database_.fail(row.id, seconds_since(start), error.what());
            log_warning("the run failed: " + std::string(error.what()));
        }
    }

    void record(const AblationRun& run, RunRow row, const TrainOutcome& trained, double seconds) {
        row.seconds = seconds;
        row.images_per_second = images_per_second(options_.folder + "/" + run.folder);
        row.weights = run.folder + "/weights/last.banyan.safetensors";
        row.predictions = run.folder + "/predictions.coco.json";
        row.ground_truth = write_ground_truth(run.config, options_.folder);
        row.results = results_of(trained.report);
        database_.finish(row);
    }

    /// ", about 2h 10m left": the steps that are left, at the pace of the finished runs.
    std::string time_left() {
        double seconds = 0;
        std::int64_t done = 0, left = 0;
        for (const AblationRun& run : runs_) {
            const RunRow row = database_.find(run.cell, run.seed).value();
            if (row.state == RunState::done) {
                seconds += row.seconds;
                done += row.steps;
            } else if (is_open(row, options_.retry)) {
                left += row.steps;
            }
        }
        if (done == 0) return "";
        return ", about " + format_duration(seconds / static_cast<double>(done) * static_cast<double>(left)) + " left";
    }

    AblationOutcome outcome() {
        AblationOutcome outcome;
        outcome.runs = runs_.size();
        outcome.stop_signal = stop_requested();
        for (const AblationRun& run : runs_) {
            const RunRow row = database_.find(run.cell, run.seed).value();
            if (row.state == RunState::done) {
                ++outcome.done;
            } else if (row.state == RunState::failed) {
                ++outcome.failed;
            } else if (row.state == RunState::planned || FolderLock::try_lock(options_.folder + "/" + run.folder)) {
                ++outcome.left;
            } else {
                ++outcome.elsewhere;
            }
        }
        return outcome;
    }

    const AblationGrid& grid_;
    const AblationOptions& options_;
    std::vector<AblationRun> runs_;
    RunDatabase database_;
    int threads_;
    Clock::time_point start_ = Clock::now();
};

} // namespace

AblationOutcome run_ablation(const AblationGrid& grid, const AblationOptions& options) {
    install_stop_handlers();
    return GridWork(grid, options).work();
}

} // namespace banyan
