#include <cstdio>
#include <iostream>

#include <nlohmann/json.hpp>

#include "apps/option_values.h"
#include "apps/run_commands.h"
#include "core/log.h"
#include "core/stop_signal.h"
#include "train/demo.h"

namespace banyan {

namespace {

std::string outcome_json(const DemoOutcome& outcome) {
    nlohmann::ordered_json json;
    for (const DemoTraining& training : outcome.trainings) {
        for (const TaskResult& task : training.report.tasks) {
            json["ap50"][training.name][task.task] = task.stats[CocoStat::ap50];
        }
    }
    json["seconds"] = outcome.seconds;
    return json.dump();
}

std::string outcome_table(const DemoOutcome& outcome) {
    std::string table = "AP50 on new scenes with every part labelled\ntraining ";
    char text[32];
    for (const TaskResult& task : outcome.trainings.front().report.tasks) {
        std::snprintf(text, sizeof text, " %8s", task.task.c_str());
        table += text;
    }
    for (const DemoTraining& training : outcome.trainings) {
        std::snprintf(text, sizeof text, "\n%-9s", training.name.c_str());
        table += text;
        for (const TaskResult& task : training.report.tasks) {
            std::snprintf(text, sizeof text, " %8.3f", task.stats[CocoStat::ap50]);
            table += text;
        }
    }
    return table;
}

void check_at_least(const std::string& option, std::int64_t value, std::int64_t least) {
    if (value >= least) return;
    throw UsageError(
        ErrorText{option, "out of range", "an integer >= " + std::to_string(least), std::to_string(value), ""});
}

} // namespace

ExitCode run_demo(const Options& options) {
    DemoRunOptions demo;
    demo.folder = options["out"].as<std::string>();
    demo.seed = options["seed"].as<std::uint64_t>();
    demo.steps = options["steps"].as<std::int64_t>();
    demo.pictures = options["pictures"].as<int>();
    check_at_least("--steps", demo.steps, 0);
    check_at_least("--pictures", demo.pictures, 1);
    if (options.count("naive") != 0 && options.count("masked") != 0) {
        throw UsageError("banyan demo: --masked and --naive exclude each other; leave both out to run both");
    }
    demo.masked = options.count("naive") == 0;
    demo.naive = options.count("masked") == 0;
    install_stop_handlers();
    const DemoOutcome outcome = run_demo(demo);
    if (const std::optional<int> signal = stop_requested()) {
        log_warning("stopped; the same command goes on");
        return exit_code_of_signal(*signal);
    }
    std::cout << (options.count("json") != 0 ? outcome_json(outcome) : outcome_table(outcome)) << "\n";
    log_info("report: " + demo.folder + "/report.html");
    return ExitCode::ok;
}

} // namespace banyan
