#include "eval/result_output.h"

#include <array>
#include <cstdio>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "report/axis_ticks.h"

namespace banyan {

using Json = nlohmann::ordered_json;

namespace {

Json stats_json(const CocoStats& stats, std::size_t images) {
    return {{"ap", stats[CocoStat::ap]},
            {"ap50", stats[CocoStat::ap50]},
            {"ap75", stats[CocoStat::ap75]},
            {"ar100", stats[CocoStat::ar100]},
            {"images", images}};
}

} // namespace

std::string eval_json(const EvalReport& report) {
    Json tasks = Json::object();
    for (const TaskResult& task : report.tasks) {
        Json entry = stats_json(task.stats, task.images);
        entry["detections"] = {{"judged", task.judged_detections},
                               {"ignored", task.ignored_detections},
                               {"unjudged", task.unjudged_detections}};
        entry["classes"] = Json::object();
        for (const CocoClassResult& result : task.classes) {
            Json values = Json::object();
            for (std::size_t s = 0; s < kCocoStats; ++s) values[kCocoStatNames[s]] = result.stats.values[s];
            values["images"] = result.counts.images;
            values["boxes"] = result.counts.ground_truth;
            values["unjudged_detections"] = result.counts.unjudged_detections;
            entry["classes"][result.name] = std::move(values);
        }
        tasks[task.task] = std::move(entry);
    }
    return Json{{"tasks", tasks},
                {"mean",
                 {{"ap", report.mean(CocoStat::ap)},
                  {"ap50", report.mean(CocoStat::ap50)},
                  {"ap75", report.mean(CocoStat::ap75)},
                  {"ar100", report.mean(CocoStat::ar100)}}},
                {"images", report.images},
                {"seconds", report.seconds}}
        .dump();
}

std::string eval_table(const EvalReport& report) {
    const auto line = [](const std::string& name, const std::vector<double>& stats, const std::string& counts) {
        std::array<char, 48> text{};
        std::snprintf(text.data(), text.size(), "%-16s", name.c_str());
        std::string row = text.data();
        for (const double value : stats) {
            std::snprintf(text.data(), text.size(), " %7.3f", value);
            row += text.data();
        }
        return row + counts + "\n";
    };
    const auto count = [](std::size_t number) {
        const std::string digits = std::to_string(number);
        return std::string(digits.size() < 10 ? 10 - digits.size() : 1, ' ') + digits;
    };
    std::string table = "task                  AP    AP50    AP75   AR100    images    judged   ignored  unjudged\n";
    for (const TaskResult& task : report.tasks) {
        const CocoStats& stats = task.stats;
        table +=
            line(task.task, {stats[CocoStat::ap], stats[CocoStat::ap50], stats[CocoStat::ap75], stats[CocoStat::ar100]},
                 count(task.images) + count(task.judged_detections) + count(task.ignored_detections) +
                     count(task.unjudged_detections));
    }
    return table + line("mean",
                        {report.mean(CocoStat::ap), report.mean(CocoStat::ap50), report.mean(CocoStat::ap75),
                         report.mean(CocoStat::ar100)},
                        count(report.images));
}

void add_result_section(HtmlReport& report, const EvalReport& result) {
    constexpr int kDecimals = 3;
    if (result.tasks.empty()) return;
    report.section("Results");
    std::vector<std::pair<std::string, std::string>> figures;
    ReportTable table{{"task", "AP", "AP50", "AP75", "AR100", "images"}, {}};
    for (const TaskResult& task : result.tasks) {
        figures.emplace_back("AP50 " + task.task, format_fixed(task.stats[CocoStat::ap50], kDecimals));
        table.rows.push_back({task.task, format_fixed(task.stats[CocoStat::ap], kDecimals),
                              format_fixed(task.stats[CocoStat::ap50], kDecimals),
                              format_fixed(task.stats[CocoStat::ap75], kDecimals),
                              format_fixed(task.stats[CocoStat::ar100], kDecimals), std::to_string(task.images)});
    }
    report.figures(figures);
    report.table(table);
}

} // namespace banyan
