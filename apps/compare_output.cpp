#include "apps/compare_output.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "apps/text_table.h"
#include "report/axis_ticks.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

Json metric_json(const BootstrapMetric& metric) {
    Json sides = Json::array(), differences = Json::array();
    for (const BootstrapEstimate& side : metric.sides) {
        sides.push_back({{"estimate", side.estimate}, {"low", side.low}, {"high", side.high}});
    }
    for (const BootstrapDifference& difference : metric.differences) {
        differences.push_back({{"estimate", difference.estimate},
                               {"low", difference.low},
                               {"high", difference.high},
                               {"share_above_zero", difference.share_above_zero}});
    }
    return {{"sides", sides}, {"differences", differences}};
}

Json row_json(const BootstrapRow& row) { return {{"ap", metric_json(row.ap)}, {"ap50", metric_json(row.ap50)}}; }

Json rows_json(const std::vector<BootstrapRow>& rows) {
    Json json = Json::object();
    for (const BootstrapRow& row : rows) json[row.name] = row_json(row);
    return json;
}

std::string percent(double value) { return format_fixed(value * 100, 1); }

std::string signed_percent(double value) { return (value > 0 ? "+" : "") + percent(value); }

std::string interval(double low, double high, std::string (*write)(double)) {
    return "[" + write(low) + ", " + write(high) + "]";
}

std::vector<std::string> side_cells(const std::string& name, const BootstrapMetric& metric) {
    std::vector<std::string> cells{name};
    for (const BootstrapEstimate& side : metric.sides) {
        const bool known = side.estimate >= 0;
        cells.push_back(known ? percent(side.estimate) : "-");
        cells.push_back(known ? interval(side.low, side.high, percent) : "");
    }
    return cells;
}

std::vector<std::string> difference_cells(const std::string& name, const BootstrapMetric& metric) {
    std::vector<std::string> cells{name};
    const bool known = metric.sides.front().estimate >= 0;
    for (const BootstrapDifference& difference : metric.differences) {
        cells.push_back(known ? signed_percent(difference.estimate) : "-");
        cells.push_back(known ? interval(difference.low, difference.high, signed_percent) : "");
        cells.push_back(known ? percent(difference.share_above_zero) + "%" : "");
    }
    return cells;
}

/// Classes that are a task of their own are shown as the task.
std::vector<const BootstrapRow*> shown_rows(const BootstrapResult& result) {
    std::vector<const BootstrapRow*> rows;
    for (const BootstrapRow& row : result.classes) {
        const auto is_same = [&](const BootstrapRow& task) { return task.name == row.name; };
        if (std::none_of(result.tasks.begin(), result.tasks.end(), is_same)) rows.push_back(&row);
    }
    for (const BootstrapRow& row : result.tasks) rows.push_back(&row);
    rows.push_back(&result.mean);
    return rows;
}

using MetricOfRow = BootstrapMetric BootstrapRow::*;

std::string metric_table(const BootstrapResult& result, const char* name, MetricOfRow metric) {
    TextTable values, differences;
    std::vector<std::string> head{name}, difference_head{name};
    for (const std::string& side : result.sides) head.insert(head.end(), {side, "interval"});
    for (std::size_t i = 1; i < result.sides.size(); ++i) {
        difference_head.insert(difference_head.end(),
                               {result.sides[0] + " - " + result.sides[i], "interval", "above 0"});
    }
    values.add(head);
    differences.add(difference_head);
    for (const BootstrapRow* row : shown_rows(result)) {
        values.add(side_cells(row->name, row->*metric));
        differences.add(difference_cells(row->name, row->*metric));
    }
    return "\n" + values.text() + (result.sides.size() > 1 ? "\n" + differences.text() : "");
}

} // namespace

std::string comparison_json(const Comparison& comparison) {
    const BootstrapResult& result = comparison.result;
    Json sides = Json::array();
    for (std::size_t i = 0; i < result.sides.size(); ++i) {
        sides.push_back({{"name", result.sides[i]}, {"results", comparison.files[i]}});
    }
    const Json json{{"images", result.images},
                    {"resamples", comparison.options.resamples},
                    {"seed", comparison.options.seed},
                    {"resample_seeds", comparison.options.resample_seeds},
                    {"confidence", comparison.options.confidence},
                    {"sides", sides},
                    {"classes", rows_json(result.classes)},
                    {"tasks", rows_json(result.tasks)},
                    {"mean", row_json(result.mean)}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string comparison_table(const Comparison& comparison) {
    const BootstrapResult& result = comparison.result;
    std::string text = format_short(comparison.options.confidence * 100) + " % intervals from " +
                       std::to_string(comparison.options.resamples) + " resamples of " + std::to_string(result.images) +
                       " images" + (comparison.options.resample_seeds ? " and of the seeds" : "") + "\n";
    for (std::size_t i = 0; i < result.sides.size(); ++i) {
        text += result.sides[i] + ":";
        for (const std::string& file : comparison.files[i]) text += " " + file;
        text += "\n";
    }
    return text + metric_table(result, "AP", &BootstrapRow::ap) + metric_table(result, "AP50", &BootstrapRow::ap50);
}

} // namespace banyan
