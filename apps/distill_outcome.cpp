#include "apps/distill_outcome.h"

#include <nlohmann/json.hpp>

#include "apps/compare_output.h"
#include "apps/text_table.h"
#include "eval/label_report.h"
#include "eval/result_output.h"
#include "report/axis_ticks.h"
#include "report/html_report.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kDecimals = 3, kCropSide = 240;

std::string number(double value) { return value < 0 ? "–" : format_fixed(value, kDecimals); }

std::string percent(double value) { return format_fixed(100 * value, 1); }

Comparison comparison_of(const DistillOutcome& outcome) {
    return {*outcome.gain, outcome.bootstrap, {{"student"}, {outcome.plain}}};
}

ReportTable teacher_table(const DistillOutcome& outcome) {
    ReportTable table{{"teacher, task", "AP", "AP50", "images"}, {}};
    for (const JudgedTeacher& teacher : outcome.teachers) {
        for (const TaskResult& task : teacher.tasks) {
            table.rows.push_back({teacher.model + ", " + task.task, number(task.stats[CocoStat::ap]),
                                  number(task.stats[CocoStat::ap50]), std::to_string(task.images)});
        }
    }
    table.caption = "Judged on the validation sets that label the task.";
    return table;
}

std::vector<std::string> gain_row(const BootstrapRow& row) {
    std::vector<std::string> cells{row.name};
    for (const BootstrapMetric* metric : {&row.ap, &row.ap50}) {
        const BootstrapDifference& gain = metric->differences.front();
        cells.push_back(percent(metric->sides[1].estimate));
        cells.push_back(percent(metric->sides[0].estimate));
        cells.push_back((gain.estimate > 0 ? "+" : "") + percent(gain.estimate) + " [" + percent(gain.low) + ", " +
                        percent(gain.high) + "]");
    }
    return cells;
}

ReportTable gain_table(const DistillOutcome& outcome) {
    ReportTable table{{"task", "AP without", "AP with", "gain", "AP50 without", "AP50 with", "gain"}, {}};
    for (const BootstrapRow& row : outcome.gain->tasks) table.rows.push_back(gain_row(row));
    table.rows.push_back(gain_row(outcome.gain->mean));
    table.caption =
        "In percent, without and with teachers; intervals: " + format_short(100 * outcome.bootstrap.confidence) +
        " % of " + std::to_string(outcome.bootstrap.resamples) + " resamples of " +
        std::to_string(outcome.gain->images) + " pictures, the same ones for both.";
    return table;
}

Json teacher_json(const JudgedTeacher& teacher) {
    Json tasks = Json::object();
    for (const TaskResult& task : teacher.tasks) {
        tasks[task.task] = {{"ap", task.stats[CocoStat::ap]}, {"ap50", task.stats[CocoStat::ap50]}};
    }
    return {{"model", teacher.model}, {"tasks", tasks}};
}

} // namespace

std::string distill_outcome_json(const DistillOutcome& outcome) {
    Json json{{"teachers", Json::array()}, {"student", Json::parse(eval_json(outcome.student))}, {"gain", nullptr}};
    for (const JudgedTeacher& teacher : outcome.teachers) json["teachers"].push_back(teacher_json(teacher));
    if (outcome.gain) json["gain"] = Json::parse(comparison_json(comparison_of(outcome)));
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string distill_outcome_table(const DistillOutcome& outcome) {
    TextTable teachers;
    teachers.add({"teacher", "task", "AP", "AP50"});
    for (const JudgedTeacher& teacher : outcome.teachers) {
        for (const TaskResult& task : teacher.tasks) {
            teachers.add(
                {teacher.model, task.task, number(task.stats[CocoStat::ap]), number(task.stats[CocoStat::ap50])});
        }
    }
    const std::string gain = outcome.gain ? "\n" + comparison_table(comparison_of(outcome)) : "";
    return teachers.text() + "\n" + eval_table(outcome.student) + gain;
}

std::string distill_page(const DistillOutcome& outcome) {
    const std::size_t count = outcome.teachers.size();
    HtmlReport report("Distillation", std::to_string(count) + (count == 1 ? " teacher" : " teachers"));
    if (outcome.gain) {
        report.section("Gain");
        report.table(gain_table(outcome));
    }
    add_result_section(report, outcome.student);
    report.text("The student's losses and pictures: run/report.html.");
    report.section("Teachers");
    report.table(teacher_table(outcome));
    for (const JudgedTeacher& teacher : outcome.teachers) {
        if (teacher.mistakes.empty()) continue;
        report.section("Where " + teacher.model + " is wrong");
        report.text("Its surest detections in pictures that claim to label every object of the class, with no labelled "
                    "box near them: what the student may learn wrongly, or a label that is missing.");
        add_box_gallery(report, teacher.mistakes, teacher.datasets, teacher.classes, kCropSide);
    }
    return report.html();
}

} // namespace banyan
