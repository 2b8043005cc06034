#include <iostream>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "apps/measure_values.h"
#include "apps/run_commands.h"
#include "apps/text_table.h"
#include "combine/cost_files.h"
#include "combine/measure_affinities.h"
#include "core/atomic_file.h"
#include "core/log.h"
#include "core/stop_signal.h"
#include "network/model_file.h"
#include "report/axis_ticks.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

std::string as_text(const ReportTable& table) {
    TextTable text;
    text.add(table.header);
    for (const std::vector<std::string>& row : table.rows) text.add(row);
    return text.text();
}

std::string as_text(const AffinityMatrix& matrix, const std::vector<std::string>& tasks) {
    TextTable table;
    std::vector<std::string> header{""};
    header.insert(header.end(), tasks.begin(), tasks.end());
    table.add(std::move(header));
    for (std::size_t from = 0; from < tasks.size(); ++from) {
        std::vector<std::string> row{tasks[from]};
        for (const MeasuredMean& value : matrix.values[from]) {
            row.push_back(value.count == 0 ? "–" : format_fixed(value.mean, 3) + " ± " + format_fixed(value.error, 3));
        }
        table.add(std::move(row));
    }
    return matrix.title + "\n" + table.text() + "\n";
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
