#include "combine/ablation_report.h"

#include <algorithm>
#include <limits>

#include "combine/ablation_compare.h"
#include "core/error.h"
#include "core/progress.h"
#include "report/axis_ticks.h"
#include "report/html_report.h"
#include "report/scatter_plot.h"
#include "report/svg_plot.h"

namespace banyan {

namespace {

constexpr double kPercent = 100, kMega = 1e6;

std::string percent(double value) { return format_fixed(value * kPercent, 1); }

std::string metric_name(const AblationSummary& summary) {
    std::string name = summary.metric;
    for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return name;
}

std::string short_name(const CellSummary& cell) { return "#" + std::to_string(cell.number); }

std::string full_name(const CellSummary& cell) { return short_name(cell) + " " + cell_label(cell.cell); }

const SeedMean* task_mean(const CellSummary& cell, const std::string& task) {
    const auto found = cell.tasks.find(task);
    return found == cell.tasks.end() ? nullptr : &found->second;
}

void add_results(HtmlReport& report, const AblationSummary& summary) {
    report.section("Results");
    ReportTable table{{"cell", "seeds"}, {}};
    table.header.insert(table.header.end(), summary.tasks.begin(), summary.tasks.end());
    for (const char* name : {"mean", "parameters, M", "MACs, M", "images/s"}) table.header.emplace_back(name);
    for (const CellSummary& cell : summary.cells) {
        std::vector<std::string> row{full_name(cell), std::to_string(cell.done.size())};
        for (const std::string& task : summary.tasks) row.push_back(seed_mean_text(task_mean(cell, task)));
        row.push_back(seed_mean_text(cell.mean ? &*cell.mean : nullptr));
        row.push_back(format_fixed(static_cast<double>(cell.runs.front()->parameters) / kMega, 2));
        row.push_back(format_fixed(static_cast<double>(cell.runs.front()->macs) / kMega, 1));
        row.push_back(format_fixed(cell.images_per_second, 1));
        table.rows.push_back(std::move(row));
    }
    table.caption = metric_name(summary) + " in percent, mean over the seeds ± half the 95 % interval of Student's t; "
                                           "images/s are those of training.";
    report.table(table);
}

void add_bars(HtmlReport& report, const AblationSummary& summary) {
    std::vector<BarSeries> bars;
    for (const CellSummary& cell : summary.cells) {
        BarSeries series{full_name(cell), {}};
        for (const std::string& task : summary.tasks) {
            const SeedMean* mean = task_mean(cell, task);
            series.values.push_back(mean != nullptr ? mean->mean * kPercent : std::numeric_limits<double>::quiet_NaN());
        }
        bars.push_back(std::move(series));
    }
    BarChartOptions options;
    options.title = metric_name(summary) + " by task";
    options.y_label = metric_name(summary) + ", %";
    options.decimals = 1;
    options.width = 1000;
    report.svg(bar_chart_svg(summary.tasks, bars, options));
}

void add_front(HtmlReport& report, const AblationSummary& summary) {
    ScatterSeries series{"cells", {}};
    for (const CellSummary& cell : summary.cells) {
        if (!cell.mean || cell.tasks.size() != summary.tasks.size()) continue; // a mean of other tasks
        ScatterPoint point{static_cast<double>(cell.runs.front()->macs) / kMega, cell.mean->mean * kPercent,
                           full_name(cell)};
        if (cell.mean->half_width) {
            point.y_low = (cell.mean->mean - *cell.mean->half_width) * kPercent;
            point.y_high = (cell.mean->mean + *cell.mean->half_width) * kPercent;
        }
        series.points.push_back(std::move(point));
    }
    ScatterPlotOptions options;
    options.title = "Accuracy against work";
    options.x_label = "multiply-adds of a picture, M";
    options.y_label = "mean " + metric_name(summary) + ", %";
    options.pareto_line = true;
    options.width = 1000;
    report.section("Accuracy against work");
    report.svg(
        scatter_plot_svg({series}, options),
        "Bars are 95 % intervals over the seeds. The dashed line is the best mean for each amount of work. Cells "
        "that have not all tasks are left out.");
}

std::string difference_text(const BootstrapMetric& metric, std::size_t index) {
    const BootstrapDifference& difference = metric.differences[index];
    const auto text = [](double value) { return (value > 0 ? "+" : "") + percent(value); };
    // Of "first minus other": the other one's gain.
    return text(-difference.estimate) + " [" + text(-difference.high) + ", " + text(-difference.low) + "]";
}

std::vector<std::string> difference_row(const CellSummary& cell, const CellComparison& comparison,
                                        BootstrapMetric BootstrapRow::*metric) {
    std::vector<std::string> row{full_name(cell), std::to_string(comparison.seeds.size())};
    for (const BootstrapRow& task : comparison.result.tasks) row.push_back(difference_text(task.*metric, 0));
    row.push_back(difference_text(comparison.result.mean.*metric, 0));
    return row;
}

void add_differences(HtmlReport& report, const AblationSummary& summary, const std::string& folder) {
    std::vector<const CellSummary*> cells;
    for (const CellSummary& cell : summary.cells) {
        if (!cell.done.empty() && cell.tasks.size() == summary.tasks.size()) cells.push_back(&cell);
    }
    if (cells.size() < 2 || (summary.metric != "ap" && summary.metric != "ap50")) return;
    const auto metric = summary.metric == "ap" ? &BootstrapRow::ap : &BootstrapRow::ap50;
    ReportTable table{{"cell", "seeds"}, {}};
    std::string left_out;
    for (std::size_t i = 1; i < cells.size(); ++i) {
        try {
            const CellComparison comparison = compare_cells(folder, {cells[0], cells[i]}, {});
            if (table.rows.empty()) {
                for (const BootstrapRow& task : comparison.result.tasks) table.header.push_back(task.name);
                table.header.emplace_back("mean");
            }
            table.rows.push_back(difference_row(*cells[i], comparison, metric));
        } catch (const UsageError&) { // no seed in common yet, or another validation set
            left_out += (left_out.empty() ? "" : ", ") + short_name(*cells[i]);
        }
    }
    table.caption = metric_name(summary) + " points against " + short_name(*cells[0]) +
                    ", with 95 % intervals of a paired bootstrap over the images and, of several seeds, the seeds.";
    if (!left_out.empty()) {
        table.caption += " Left out, without a common seed or judged by other pictures: " + left_out + ".";
    }
    report.section("Differences from " + full_name(*cells[0]));
    report.table(table);
}

void add_runs(HtmlReport& report, const AblationSummary& summary) {
    report.section("Runs");
    ReportTable table{{"run", "cell", "state", "mean " + metric_name(summary), "time", "images/s", "config"}, {}};
    for (const CellSummary& cell : summary.cells) {
        for (const RunRow* row : cell.runs) {
            const auto place = std::find(cell.done.begin(), cell.done.end(), row);
            const bool has_mean = place != cell.done.end() && cell.mean;
            table.rows.push_back(
                {row->folder, short_name(cell),
                 run_state_name(row->state) + (row->failure.empty() ? "" : ": " + row->failure),
                 has_mean ? percent(cell.mean->values[static_cast<std::size_t>(place - cell.done.begin())]) : "–",
                 row->seconds > 0 ? format_duration(row->seconds) : "–", format_fixed(row->images_per_second, 1),
                 row->config_hash});
        }
    }
    report.table(table);
}

} // namespace

std::string seed_mean_text(const SeedMean* mean) {
    if (mean == nullptr) return "–";
    return percent(mean->mean) + (mean->half_width ? " ± " + percent(*mean->half_width) : "");
}

void write_ablation_report(const std::string& path, const std::string& folder, const AblationSummary& summary) {
    std::size_t runs = 0, done = 0;
    for (const CellSummary& cell : summary.cells) {
        runs += cell.runs.size();
        done += cell.done.size();
    }
    HtmlReport report("Ablation", std::to_string(summary.cells.size()) + " cells, " + std::to_string(done) + " of " +
                                      std::to_string(runs) + " runs finished");
    add_results(report, summary);
    add_bars(report, summary);
    add_front(report, summary);
    add_differences(report, summary, folder);
    add_runs(report, summary);
    report.save(path);
}

} // namespace banyan
