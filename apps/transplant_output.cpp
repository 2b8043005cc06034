#include "apps/transplant_output.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "apps/text_table.h"
#include "report/axis_ticks.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

const TaskResult* task_named(const EvalReport& report, const std::string& task) {
    const auto found = std::find_if(report.tasks.begin(), report.tasks.end(),
                                    [&](const TaskResult& entry) { return entry.task == task; });
    return found == report.tasks.end() ? nullptr : &*found;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string percent(double share) { return format_fixed(100 * share, 2); }

std::string branch_table(const TransplantResult& result) {
    TextTable table;
    table.add({"branch", "from", "method", "lost of layers %", "lost of outputs %"});
    for (const BranchTransplant& branch : result.branches) {
        std::vector<std::string> layers;
        for (const double error : branch.layer_errors) layers.push_back(percent(error));
        table.add({branch.branch, joined(branch.sources), branch.method, layers.empty() ? "-" : joined(layers),
                   percent(branch.output_error)});
    }
    return table.text();
}

std::string accuracy_table(const TransplantResult& result) {
    TextTable table;
    table.add({"task", "AP before", "after", "change"});
    const auto row = [&](const std::string& name, double before, double after) {
        table.add({name, percent(before), percent(after), percent(after - before)});
    };
    for (const TaskResult& before : result.before.tasks) {
        const TaskResult* after = task_named(result.after, before.task);
        if (after != nullptr) row(before.task, before.stats[CocoStat::ap], after->stats[CocoStat::ap]);
    }
    row("mean", result.before.mean(CocoStat::ap), result.after.mean(CocoStat::ap));
    return table.text();
}

Json report_json(const EvalReport& report) {
    Json tasks = Json::object();
    for (const TaskResult& task : report.tasks) {
        tasks[task.task] = {{"ap", task.stats[CocoStat::ap]}, {"ap50", task.stats[CocoStat::ap50]}};
    }
    return {{"tasks", std::move(tasks)}, {"mean_ap", report.mean(CocoStat::ap)}, {"images", report.images}};
}

} // namespace

std::string transplant_json(const TransplantResult& result) {
    Json branches = Json::array();
    for (const BranchTransplant& branch : result.branches) {
        branches.push_back({{"branch", branch.branch},
                            {"sources", branch.sources},
                            {"method", branch.method},
                            {"layer_errors", branch.layer_errors},
                            {"output_error", branch.output_error}});
    }
    Json json{{"file", result.file}, {"groups", result.plan.groups}, {"branches", std::move(branches)}};
    json["before"] = result.before.tasks.empty() ? Json() : report_json(result.before);
    json["after"] = result.after.tasks.empty() ? Json() : report_json(result.after);
    return json.dump() + "\n";
}

std::string transplant_text(const TransplantResult& result) {
    std::string text = plan_text(result.plan) + "\n\n" + branch_table(result);
    if (!result.before.tasks.empty()) text += "\n" + accuracy_table(result);
    return text;
}

} // namespace banyan
