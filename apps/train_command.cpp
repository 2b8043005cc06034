#include <iostream>

#include "apps/run_commands.h"
#include "apps/run_config_option.h"
#include "core/log.h"
#include "core/stop_signal.h"
#include "eval/result_output.h"
#include "train/train_config.h"
#include "train/trainer.h"

namespace banyan {

ExitCode run_train(const Options& options) {
    const RunConfig config = run_config_option(options);
    const std::string folder = options["out"].as<std::string>();
    const TrainOutcome outcome = train(config, folder, options.count("resume") != 0);
    if (outcome.stop_signal) {
        log_warning("stopped at step " + std::to_string(outcome.step) + "; continue with --resume");
        return exit_code_of_signal(*outcome.stop_signal);
    }
    if (outcome.report.tasks.empty() && options.count("json") == 0) {
        log_info("no validation data: nothing was judged");
        return ExitCode::ok;
    }
    std::cout << (options.count("json") != 0 ? eval_json(outcome.report) + "\n" : eval_table(outcome.report));
    log_info("weights in " + folder + "/weights");
    return ExitCode::ok;
}

} // namespace banyan
