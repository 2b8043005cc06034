#include <iostream>

#include "apps/heal_values.h"
#include "apps/option_values.h"
#include "core/log.h"
#include "core/stop_signal.h"
#include "eval/result_output.h"

namespace banyan {

ExitCode run_merge_heal(const Options& options) {
    HealOptions wanted = heal_values(options);
    wanted.merged = text_option(options, "merged");
    wanted.teacher = text_option(options, "teacher");
    wanted.seed = options["seed"].as<std::uint64_t>();
    const std::string folder = text_option(options, "out");
    const TrainOutcome outcome = heal(wanted, folder, options.count("resume") != 0);
    if (outcome.stop_signal) {
        log_warning("stopped at step " + std::to_string(outcome.step) + "; continue with --resume");
        return exit_code_of_signal(*outcome.stop_signal);
    }
    const bool json = options.count("json") != 0;
    if (json || !outcome.report.tasks.empty()) {
        std::cout << (json ? eval_json(outcome.report) + "\n" : eval_table(outcome.report));
    }
    log_info("healed: " + folder + "/weights/last.banyan.safetensors");
    return ExitCode::ok;
}

} // namespace banyan
