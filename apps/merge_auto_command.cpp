#include <iostream>

#include "apps/measure_values.h"
#include "apps/merge_auto_output.h"
#include "apps/option_values.h"
#include "core/atomic_file.h"
#include "core/log.h"
#include "core/stop_signal.h"

namespace banyan {

namespace {

MergeAutoOptions auto_options(const Options& options) {
    MergeAutoOptions wanted;
    wanted.budget = merge_budget_from_text(text_option(options, "budget"), "--budget");
    if (wanted.budget.cost) {
        throw UsageError(ErrorText{"--budget", "a cost without a unit", "latency=…ms, branches=… or both",
                                   merge_budget_text(wanted.budget), ""});
    }
    wanted.measure = measure_options(options);
    wanted.folder = wanted.measure.folder;
    wanted.resume = wanted.measure.resume;
    wanted.meter = detector_meter(meter_options(options));
    for (const std::string& plan : texts_option(options, "plans"))
        wanted.plans.push_back(plan_from_text(plan, "--plans"));
    wanted.candidates = static_cast<std::size_t>(number_option<int>(options, "candidates", 1, 100));
    wanted.seeds = number_option<int>(options, "seeds", 1, 100);
    wanted.max_drop = number_option<double>(options, "max-drop", 0, 100);
    wanted.try_all = options.count("try-all") != 0;
    wanted.heal_steps = number_option<std::int64_t>(options, "heal-steps", 1, 10'000'000);
    wanted.trunk_lr_scale = number_option<double>(options, "trunk-lr-scale", 0, 10);
    wanted.heal_set = texts_option(options, "heal-set");
    wanted.config = joint_config_option(options);
    wanted.target = merge_target(options, wanted.config.model.input_side);
    return wanted;
}

} // namespace

ExitCode run_merge_auto(const Options& options) {
    const MergeAutoOptions wanted = auto_options(options);
    const MergeAutoOutcome outcome = merge_auto(wanted);
    if (outcome.stop_signal) {
        log_warning("stopped; the same command goes on with --resume");
        return exit_code_of_signal(*outcome.stop_signal);
    }
    const std::string report = wanted.folder + "/merge-report.html";
    write_merge_report(report, wanted, outcome, merge_next_steps(wanted, outcome, options));
    std::cout << (options.count("json") != 0 ? read_file(wanted.folder + "/result.json")
                                             : merge_auto_text(wanted, outcome));
    log_info("report: " + report);
    if (!outcome.has_result()) throw GateError(outcome.problem);
    log_info("merged: " + wanted.folder + "/merged.banyan.safetensors; before: " + wanted.folder +
             "/unmerged.banyan.safetensors");
    return ExitCode::ok;
}

} // namespace banyan
