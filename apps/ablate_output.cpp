#include "apps/ablate_output.h"

#include <nlohmann/json.hpp>

#include "apps/text_table.h"
#include "combine/ablation_report.h"
#include "report/axis_ticks.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kMega = 1e6;

Json mean_json(const SeedMean& mean) {
    return {{"mean", mean.mean},
            {"half_width", mean.half_width ? Json(*mean.half_width) : Json(nullptr)},
            {"values", mean.values}};
}

Json run_json(const RunRow& row) {
    Json json{{"seed", row.seed},
              {"state", run_state_name(row.state)},
              {"folder", row.folder},
              {"config_hash", row.config_hash},
              {"seconds", row.seconds},
              {"images_per_second", row.images_per_second},
              {"weights", row.weights},
              {"predictions", row.predictions},
              {"ground_truth", row.ground_truth}};
    if (!row.failure.empty()) json["failure"] = row.failure;
    return json;
}

Json cell_json(const CellSummary& cell, const AblationSummary& summary) {
    Json tasks = Json::object(), runs = Json::array();
    for (const std::string& task : summary.tasks) {
        const auto found = cell.tasks.find(task);
        if (found != cell.tasks.end()) tasks[task] = mean_json(found->second);
    }
    for (const RunRow* row : cell.runs) runs.push_back(run_json(*row));
    return {{"cell", cell.number},
            {"plan", cell.cell.plan},
            {"boxes", cell.cell.boxes},
            {"variant", cell.cell.variant},
            {"finished", cell.done.size()},
            {"tasks", tasks},
            {"mean", cell.mean ? mean_json(*cell.mean) : Json(nullptr)},
            {"parameters", cell.runs.front()->parameters},
            {"macs", cell.runs.front()->macs},
            {"images_per_second", cell.images_per_second},
            {"seconds", cell.seconds},
            {"runs", runs}};
}

std::string seeds_text(const CellSummary& cell) {
    const std::string done = std::to_string(cell.done.size());
    return cell.done.size() == cell.runs.size() ? done : done + " of " + std::to_string(cell.runs.size());
}

} // namespace

std::string ablation_json(const AblationSummary& summary) {
    Json cells = Json::array();
    for (const CellSummary& cell : summary.cells) cells.push_back(cell_json(cell, summary));
    const Json json{{"metric", summary.metric}, {"confidence", 0.95}, {"tasks", summary.tasks}, {"cells", cells}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ablation_table(const AblationSummary& summary) {
    TextTable table;
    std::vector<std::string> head{"plan / variant", "cell", "seeds"};
    head.insert(head.end(), summary.tasks.begin(), summary.tasks.end());
    head.insert(head.end(), {"mean", "parameters, M", "MACs, M", "images/s"});
    table.add(head);
    for (const CellSummary& cell : summary.cells) {
        std::vector<std::string> row{cell_label(cell.cell), std::to_string(cell.number), seeds_text(cell)};
        for (const std::string& task : summary.tasks) {
            const auto found = cell.tasks.find(task);
            row.push_back(seed_mean_text(found == cell.tasks.end() ? nullptr : &found->second));
        }
        row.push_back(seed_mean_text(cell.mean ? &*cell.mean : nullptr));
        row.push_back(format_fixed(static_cast<double>(cell.runs.front()->parameters) / kMega, 2));
        row.push_back(format_fixed(static_cast<double>(cell.runs.front()->macs) / kMega, 1));
        row.push_back(format_fixed(cell.images_per_second, 1));
        table.add(std::move(row));
    }
    return summary.metric + " in percent, mean over the seeds ± half of its 95 % interval (Student's t)\n\n" +
           table.text();
}

} // namespace banyan
