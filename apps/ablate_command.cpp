#include <iostream>

#include <nlohmann/json.hpp>

#include "apps/ablate_output.h"
#include "apps/compare_output.h"
#include "apps/option_values.h"
#include "apps/run_commands.h"
#include "combine/ablation_compare.h"
#include "combine/ablation_report.h"
#include "combine/run_ablation.h"
#include "core/atomic_file.h"
#include "core/log.h"
#include "core/stop_signal.h"

namespace banyan {

namespace {

constexpr int kMaxResamples = 1000000;

std::vector<RunRow> recorded_runs(const std::string& folder) {
    return RunDatabase(folder, SqliteDatabase::Access::open).runs();
}

void tell(const AblationOutcome& outcome) {
    std::string text = std::to_string(outcome.done) + " of " + std::to_string(outcome.runs) + " runs are finished";
    if (outcome.failed > 0) text += ", " + std::to_string(outcome.failed) + " failed (again with --retry)";
    if (outcome.elsewhere > 0) text += ", " + std::to_string(outcome.elsewhere) + " are trained by another process";
    if (outcome.left > 0) text += ", " + std::to_string(outcome.left) + " are left: the same command goes on";
    log_info(text);
}

/// Number of resamples. @throws UsageError
std::size_t resamples_option(const Options& options) {
    const int resamples = options["resamples"].as<int>();
    if (resamples >= 1 && resamples <= kMaxResamples) return static_cast<std::size_t>(resamples);
    throw UsageError(ErrorText{"--resamples", "out of range",
                               "an integer in [1, " + std::to_string(kMaxResamples) + "]", std::to_string(resamples),
                               ""});
}

} // namespace

ExitCode run_ablate(const Options& options) {
    const AblationGrid grid = load_ablation(text_option(options, "config"));
    AblationOptions ablation;
    ablation.folder = text_option(options, "out");
    ablation.retry = options.count("retry") != 0;
    const AblationOutcome outcome = run_ablation(grid, ablation);
    tell(outcome);
    if (outcome.stop_signal) return exit_code_of_signal(*outcome.stop_signal);
    const std::vector<RunRow> rows = recorded_runs(ablation.folder);
    const AblationSummary summary = summarise_ablation(rows, "ap");
    std::cout << (options.count("json") != 0 ? ablation_json(summary) : ablation_table(summary));
    return outcome.failed > 0 ? ExitCode::non_finite : ExitCode::ok;
}

ExitCode run_ablate_show(const Options& options) {
    const std::string folder = text_option(options, "folder");
    const std::vector<RunRow> rows = recorded_runs(folder);
    AblationSummary summary = summarise_ablation(rows, text_option(options, "metric"));
    sort_cells(summary, text_option(options, "sort"));
    if (options.count("csv") != 0) write_file_atomically(text_option(options, "csv"), ablation_csv(rows));
    if (options.count("report") != 0) write_ablation_report(text_option(options, "report"), folder, summary);
    std::cout << (options.count("json") != 0 ? ablation_json(summary) : ablation_table(summary));
    return ExitCode::ok;
}

ExitCode run_ablate_compare(const Options& options) {
    const std::vector<std::string> words = texts_option(options, "cells");
    if (words.size() < 3) throw UsageError("banyan ablate compare: give the grid's folder and two or more cells");
    const std::vector<RunRow> rows = recorded_runs(words[0]);
    const AblationSummary summary = summarise_ablation(rows, "ap");
    std::vector<const CellSummary*> cells;
    for (std::size_t i = 1; i < words.size(); ++i) cells.push_back(&find_cell(summary, words[i]));
    BootstrapOptions bootstrap;
    bootstrap.resamples = resamples_option(options);
    bootstrap.seed = options["seed"].as<std::uint64_t>();
    const CellComparison compared = compare_cells(words[0], cells, bootstrap);
    const Comparison comparison{compared.result, compared.options, compared.files};
    if (options.count("json") == 0) {
        for (std::size_t i = 0; i < cells.size(); ++i)
            std::cout << compared.result.sides[i] << " = " << cell_label(cells[i]->cell) << "\n";
        std::cout << comparison_table(comparison);
        return ExitCode::ok;
    }
    nlohmann::ordered_json json = nlohmann::ordered_json::parse(comparison_json(comparison));
    for (std::size_t i = 0; i < cells.size(); ++i) json["sides"][i]["cell"] = cell_label(cells[i]->cell);
    json["seeds"] = compared.seeds;
    std::cout << json.dump() << "\n";
    return ExitCode::ok;
}

} // namespace banyan
