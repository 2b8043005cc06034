#include <cstdio>
#include <iostream>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "apps/measure_values.h"
#include "apps/run_commands.h"
#include "combine/cost_files.h"
#include "combine/measure_affinities.h"
#include "core/atomic_file.h"
#include "core/log.h"
#include "core/stop_signal.h"
#include "model/model_file.h"
#include "report/axis_ticks.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

std::string as_text(const ReportTable& table) {
    std::string text;
    const auto add = [&](const std::vector<std::string>& row) {
        char line[160];
        std::snprintf(line, sizeof line, "%-40s %12s %9s %10s %8s\n", row[0].c_str(), row[1].c_str(), row[2].c_str(),
                      row[3].c_str(), row[4].c_str());
        text += line;
    };
    add({table.header[0], table.header[1], "+/- ms", table.header[3], table.header[4]});
    for (const std::vector<std::string>& row : table.rows) add(row);
    return text;
}

std::string as_text(const AffinityMatrix& matrix, const std::vector<std::string>& tasks) {
    std::string text = matrix.title + "\n" + std::string(16, ' ');
    char cell[48];
    for (const std::string& task : tasks) {
        std::snprintf(cell, sizeof cell, " %16.16s", task.c_str());
        text += cell;
    }
    for (std::size_t from = 0; from < tasks.size(); ++from) {
        std::snprintf(cell, sizeof cell, "\n%-16.16s", tasks[from].c_str());
        text += cell;
        for (const MeasuredMean& value : matrix.values[from]) {
            std::snprintf(cell, sizeof cell, "  %6.3f +- %5.3f", value.mean, value.error);
            text += value.count > 0 ? cell : "                -";
        }
    }
    return text + "\n\n";
}

void write_page(const std::string& folder, const TaskAffinities& affinities, const GroupCosts& costs) {
    HtmlReport report("How tasks get on, and what branches cost", costs.target);
    add_affinity_section(report, affinities);
    report.section("What branches cost");
    ReportTable table = cost_table(costs);
    table.caption = "Medians of differences between whole networks, with standard errors; multiply-adds and memory of "
                    "parameters and activations in float32 beside them.";
    report.table(table);
    report.save(folder + "/affinity.html");
}

void print_results(const TaskAffinities& affinities, const GroupCosts& costs, const std::string& folder, bool as_json) {
    if (as_json) {
        Json json{{"affinities", Json::parse(affinities_json(affinities))},
                  {"costs", Json::parse(group_costs_json(costs))}};
        json.update(Json::parse(read_file(folder + "/networks.json")));
        std::cout << json.dump() << "\n";
        return;
    }
    for (const AffinityMatrix& matrix : affinities.matrices) std::cout << as_text(matrix, affinities.tasks);
    std::cout << costs.target << "\n" << as_text(cost_table(costs));
}

ExitCode stopped(int signal) {
    log_warning("stopped; continue with --resume");
    return exit_code_of_signal(signal);
}

} // namespace

ExitCode run_merge_measure(const Options& options) {
    const RunConfig config = joint_config_option(options);
    const MeasureOptions measure = measure_options(options);
    const LatencyMeterOptions meter = meter_options(options); // before the long part: what is wrong with them
    const MeasureOutcome outcome = measure_affinities(config, measure);
    if (outcome.stop_signal) return stopped(*outcome.stop_signal);
    const CostFileOptions files{measure.folder, merge_target(options, config.model.input_side), measure.boxes};
    const ModelOptions model = ModelFile::load(measure.folder + "/unmerged.banyan.safetensors").options;
    const std::optional<GroupCosts> costs = costs_in_folder(model, files, detector_meter(meter));
    if (!costs) return stopped(*stop_requested());
    write_page(measure.folder, outcome.affinities, *costs);
    print_results(outcome.affinities, *costs, measure.folder, options.count("json") != 0);
    log_info("affinities and costs in " + measure.folder);
    return ExitCode::ok;
}

} // namespace banyan
