#include "combine/merge_report.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "combine/cost_files.h"
#include "report/axis_ticks.h"
#include "report/html_report.h"
#include "report/scatter_plot.h"
#include "report/svg_plot.h"

namespace banyan {

namespace {

constexpr double kPercent = 100, kMega = 1e6;
constexpr int kWide = 1000;

std::string points(double ap) { return ap < 0 ? "–" : format_fixed(kPercent * ap, 1); }

std::string signed_points(double ap) { return (ap > 0 ? "+" : "") + format_fixed(kPercent * ap, 1); }

std::string difference_text(const BootstrapDifference& difference) {
    return signed_points(difference.estimate) + " [" + signed_points(difference.low) + ", " +
           signed_points(difference.high) + "]";
}

std::string milliseconds(double ms) { return format_fixed(ms, 2); }

double weight_sum(const PlanPredictions& plans) {
    double sum = 0;
    for (const double weight : plans.weights) sum += weight;
    return sum;
}

/// Standard deviation of the mean relative accuracy.
double accuracy_deviation(const PredictedPlan& plan, const PlanPredictions& plans) {
    const double weights = weight_sum(plans);
    return weights > 0 ? plan.deviation / weights : 0;
}

/// The verdict on the result, or on the candidate that came nearest; nullptr where none was healed.
const CandidateVerdict* verdict_shown(const MergeAutoOutcome& outcome) {
    if (outcome.accepted) return &*outcome.candidates[*outcome.accepted].verdict;
    if (outcome.kept_apart) return nullptr;
    const CandidateVerdict* nearest = nullptr;
    for (const MergeCandidate& candidate : outcome.candidates) {
        if (!candidate.verdict) continue;
        const bool nearer = nearest == nullptr || candidate.verdict->least_difference > nearest->least_difference;
        if (nearer) nearest = &*candidate.verdict;
    }
    return nearest;
}

std::string verdict_text(const MergeAutoOptions& options, const MergeAutoOutcome& outcome) {
    if (!outcome.problem.empty()) return outcome.problem + ". The network stays as it was.";
    if (outcome.kept_apart) {
        return "The network keeps the budget with a branch for each task, and no merge within it is better. It stays "
               "as it was.";
    }
    return "Merged as " + plan_text(outcome.plan()) +
           ". The interval of the mean AP, healed minus before, excludes a loss of more than " +
           format_short(options.max_drop) + " points.";
}

void add_headline(HtmlReport& report, const MergeAutoOptions& options, const MergeAutoOutcome& outcome) {
    report.section("Result");
    std::vector<std::pair<std::string, std::string>> network{
        {"budget", merge_budget_text(options.budget)},
        {"branches", std::to_string(outcome.affinities.tasks.size()) + " → " +
                         (outcome.has_result() ? std::to_string(outcome.plan().groups.size()) : "–")}};
    if (outcome.has_result()) {
        network.emplace_back("parameters, M",
                             format_fixed(static_cast<double>(outcome.parameters_before) / kMega, 2) + " → " +
                                 format_fixed(static_cast<double>(outcome.parameters_after) / kMega, 2));
    }
    if (outcome.has_result() && outcome.unmerged_latency) {
        network.emplace_back("latency, ms", milliseconds(outcome.unmerged_latency->median_ms) + " → " +
                                                milliseconds(outcome.latency().median_ms));
    }
    report.figures(network);
    if (const CandidateVerdict* verdict = verdict_shown(outcome); verdict != nullptr) {
        const BootstrapMetric& ap = verdict->comparison.mean.ap;
        report.figures({{"mean AP, %", points(ap.sides[1].estimate) + " → " + points(ap.sides[0].estimate)},
                        {"difference [95 %], points", difference_text(ap.differences[0])}});
    }
    report.text(verdict_text(options, outcome));
}

std::vector<std::string> task_row(const BootstrapRow& row) {
    const std::vector<BootstrapEstimate>& sides = row.ap.sides; // healed, unmerged, transplanted
    return {row.name, points(sides[1].estimate), points(sides[2].estimate), points(sides[0].estimate),
            sides[0].estimate < 0 ? "–" : difference_text(row.ap.differences[0])};
}

void add_tasks(HtmlReport& report, const MergeAutoOutcome& outcome) {
    const CandidateVerdict* verdict = verdict_shown(outcome);
    if (verdict == nullptr) return;
    report.section("What each task gave up");
    if (!outcome.accepted) report.text("Of the plan that came nearest, " + plan_text(verdict->plan) + ":");
    ReportTable table{{"AP", "before", "transplanted", "healed", "difference [95 %]"}, {}};
    std::vector<std::string> tasks;
    BarSeries before{"before", {}}, transplanted{"merged, untrained", {}}, healed{"healed", {}};
    for (const BootstrapRow& row : verdict->comparison.tasks) {
        table.rows.push_back(task_row(row));
        tasks.push_back(row.name);
        const auto value = [&](std::size_t side) {
            const double ap = row.ap.sides[side].estimate;
            return ap < 0 ? std::numeric_limits<double>::quiet_NaN() : kPercent * ap;
        };
        healed.values.push_back(value(0));
        before.values.push_back(value(1));
        transplanted.values.push_back(value(2));
    }
    table.rows.push_back(task_row(verdict->comparison.mean));
    table.rows.back().front() = "mean";
    table.highlighted_row = static_cast<int>(table.rows.size()) - 1;
    table.caption = "AP (IoU 0.5 to 0.95) in percent on the validation pictures; healed: mean over " +
                    std::to_string(verdict->runs.size()) +
                    " seeds. Differences: healed minus before, by a paired bootstrap over pictures and seeds.";
    report.table(table);
    if (verdict->comparison.mean.ap.differences[1].high < 0) {
        report.text("Healing made the network worse than it was before any training: heal longer, or with a lower "
                    "learning rate.");
    }
    BarChartOptions bars;
    bars.title = "AP by task";
    bars.y_label = "AP, %";
    bars.decimals = 1;
    bars.width = kWide;
    report.svg(bar_chart_svg(tasks, {before, transplanted, healed}, bars));
}

std::string candidate_verdict(const MergeCandidate& candidate) {
    if (!candidate.verdict) return "not tried";
    return candidate.verdict->accepted ? "accepted" : "not accepted";
}

std::vector<std::string> candidate_row(const MergeAutoOutcome& outcome, std::size_t index) {
    const MergeCandidate& candidate = outcome.candidates[index];
    const PredictedPlan& predicted = candidate.predicted;
    std::vector<std::string> row{std::to_string(index + 1) + "  " + plan_text(predicted.plan),
                                 milliseconds(candidate.latency.median_ms),
                                 format_fixed(kPercent * predicted.relative_accuracy, 1) + " ± " +
                                     format_fixed(kPercent * accuracy_deviation(predicted, outcome.plans), 1),
                                 points(outcome.transplanted.mean.ap.sides[index + 1].estimate)};
    if (candidate.verdict) {
        const BootstrapMetric& ap = candidate.verdict->comparison.mean.ap;
        row.push_back(points(ap.sides[0].estimate));
        row.push_back(difference_text(ap.differences[0]));
    } else {
        row.insert(row.end(), {"–", "–"});
    }
    row.push_back(candidate_verdict(candidate));
    return row;
}

std::string agreement_text(const MergeAutoOutcome& outcome) {
    const PredictionAgreement agreement = prediction_agreement(outcome);
    const auto number = [](const std::optional<double>& value) {
        return value ? format_fixed(*value, 2) : "not enough candidates (three at least, and not all equal)";
    };
    return "Does the predicted order hold? Rank correlation of prediction and mean AP before any training: " +
           number(agreement.transplanted) + "; after healing: " + number(agreement.healed) + ".";
}

void add_candidates(HtmlReport& report, const MergeAutoOutcome& outcome) {
    if (outcome.candidates.empty()) return;
    report.section("Candidates");
    ReportTable table{{"plan", "ms", "accuracy, %", "transplanted", "healed", "difference [95 %]", "verdict"}, {}};
    for (std::size_t i = 0; i < outcome.candidates.size(); ++i) table.rows.push_back(candidate_row(outcome, i));
    if (outcome.accepted) table.highlighted_row = static_cast<int>(*outcome.accepted);
    table.caption = "In the order in which they are tried; the first that passes is taken. Latency is measured; "
                    "accuracy is predicted, relative to "
                    "branches of their own; transplanted and healed: mean AP over the tasks in percent, " +
                    points(outcome.transplanted.mean.ap.sides[0].estimate) + " before.";
    report.table(table);
    report.text(agreement_text(outcome));
    for (const PlanLatency& plan : outcome.too_slow) {
        report.text(plan_text(plan.plan) + " was dropped: it takes " + milliseconds(plan.median_ms) +
                    " ms when measured.");
    }
}

bool is_candidate(const MergeAutoOutcome& outcome, const MergePlan& plan) {
    return std::any_of(outcome.candidates.begin(), outcome.candidates.end(),
                       [&](const MergeCandidate& candidate) { return candidate.predicted.plan == plan; });
}

ScatterPoint point_of(const PredictedPlan& plan, const PlanPredictions& plans, std::string label) {
    const double y = kPercent * plan.relative_accuracy, y_error = kPercent * accuracy_deviation(plan, plans);
    ScatterPoint point{plan.cost, y, std::move(label)};
    if (plan.cost_deviation > 0) {
        point.x_low = plan.cost - plan.cost_deviation;
        point.x_high = plan.cost + plan.cost_deviation;
    }
    if (y_error > 0) {
        point.y_low = y - y_error;
        point.y_high = y + y_error;
    }
    return point;
}

void add_front(HtmlReport& report, const MergeAutoOutcome& outcome) {
    if (outcome.plans.front.empty()) return;
    report.section("Accuracy against latency");
    ScatterSeries front{"best plans", {}}, tried{"candidates", {}};
    ReportTable table{{"plan", "branches", "predicted, ms", "predicted accuracy, %"}, {}};
    for (const PredictedPlan& plan : outcome.plans.front) {
        if (outcome.has_result() && plan.plan == outcome.plan()) {
            table.highlighted_row = static_cast<int>(table.rows.size());
        }
        const std::string branches = std::to_string(plan.plan.groups.size());
        table.rows.push_back({plan_text(plan.plan), branches,
                              milliseconds(plan.cost) + " ± " + milliseconds(plan.cost_deviation),
                              format_fixed(kPercent * plan.relative_accuracy, 1) + " ± " +
                                  format_fixed(kPercent * accuracy_deviation(plan, outcome.plans), 1)});
        if (is_candidate(outcome, plan.plan)) continue;
        front.points.push_back(point_of(plan, outcome.plans, branches + (branches == "1" ? " branch" : " branches")));
        front.points.back().highlighted = outcome.kept_apart && plan.plan == outcome.plan();
    }
    for (std::size_t i = 0; i < outcome.candidates.size(); ++i) {
        tried.points.push_back(
            point_of(outcome.candidates[i].predicted, outcome.plans, "candidate " + std::to_string(i + 1)));
        tried.points.back().highlighted = outcome.accepted == i;
    }
    ScatterPlotOptions plot;
    plot.title = "Predicted accuracy against predicted latency";
    plot.x_label = "latency of the network, ms";
    plot.y_label = "accuracy relative to separate branches, %";
    plot.pareto_line = true;
    plot.width = kWide;
    std::vector<ScatterSeries> series{std::move(front)};
    if (!tried.points.empty()) series.push_back(std::move(tried));
    report.svg(scatter_plot_svg(series, plot), "Bars are one standard deviation of the prediction; the dashed line is "
                                               "the Pareto front. A ring marks the result.");
    table.caption = "All plans that no other one beats in latency and accuracy, whatever the budget.";
    report.table(table);
}

void add_costs(HtmlReport& report, const GroupCosts& costs) {
    if (costs.groups.empty()) return;
    report.section("What branches cost");
    ReportTable table = cost_table(costs);
    table.caption =
        costs.target +
        ". Medians of differences between whole networks, with standard errors; multiply-adds and memory of "
        "parameters and activations in float32 beside them.";
    report.table(table);
}

} // namespace

void write_merge_report(const std::string& path, const MergeAutoOptions& options, const MergeAutoOutcome& outcome,
                        const NextSteps& next_steps) {
    HtmlReport report("Merging " + std::to_string(outcome.affinities.tasks.size()) + " tasks",
                      outcome.has_result() ? plan_text(outcome.plan()) : "no plan passes");
    add_headline(report, options, outcome);
    add_tasks(report, outcome);
    add_candidates(report, outcome);
    add_front(report, outcome);
    report.section("What to do next");
    for (const auto& [purpose, command] : next_steps) {
        report.text(purpose);
        report.code(command);
    }
    add_costs(report, outcome.costs);
    add_affinity_section(report, outcome.affinities);
    report.save(path);
}

} // namespace banyan
