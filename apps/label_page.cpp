#include "apps/label_page.h"

#include <algorithm>

#include "core/check.h"
#include "eval/label_report.h"
#include "report/axis_ticks.h"
#include "report/html_report.h"

namespace banyan {

namespace {

constexpr std::size_t kShown = 12;
constexpr int kCropSide = 240, kDecimals = 3;

std::string number(double value) { return format_fixed(value, kDecimals); }
std::string judged_text(const JudgedClass& judged, double value) { return judged.objects == 0 ? "–" : number(value); }

ReportTable teacher_table(const LabelOutcome& outcome) {
    ReportTable table{{"class, teacher", "low", "high", "AP", "F high", "F low", "pictures", "objects"}, {}};
    for (const TeacherJudgement& one : outcome.judgements) {
        const ScoreThresholds& thresholds = one.thresholds;
        table.rows.push_back({outcome.table.class_name(one.class_id) + ", " + outcome.teachers[one.teacher].name,
                              number(thresholds.low), number(thresholds.high),
                              judged_text(one.judged, one.judged.average_precision),
                              judged_text(one.judged, f_score(one.judged, thresholds.high, outcome.beta_high)),
                              judged_text(one.judged, f_score(one.judged, thresholds.low, outcome.beta_low)),
                              std::to_string(one.judged.pictures), std::to_string(one.judged.objects)});
    }
    table.caption = "Judged by the labels of the validation sets at IoU " + number(outcome.iou) +
                    ". Boxes are taken from the score \"high\" on, ignore regions from \"low\" on.";
    return table;
}

ReportTable class_table(const LabelOutcome& outcome) {
    ReportTable table{
        {"data set, class", "pictures completed", "boxes", "ignore regions", "precision", "recall", "objects"}, {}};
    for (const LabelledClass& one : outcome.classes) {
        const auto judgement =
            std::find_if(outcome.judgements.begin(), outcome.judgements.end(),
                         [&](const TeacherJudgement& other) { return other.class_id == one.class_id; });
        BANYAN_CHECK(judgement != outcome.judgements.end(), "label_page: a class without a teacher");
        const ScoreQuality quality = quality_from(one.judged, judgement->thresholds.high);
        table.rows.push_back(
            {outcome.datasets[one.dataset].dataset->name() + ", " + outcome.table.class_name(one.class_id),
             std::to_string(one.completed), std::to_string(one.boxes), std::to_string(one.ignored),
             judged_text(one.judged, quality.precision), judged_text(one.judged, quality.recall),
             std::to_string(one.judged.objects)});
    }
    table.caption = "Precision and recall: of the boxes that the teacher would give where the set labels the class.";
    return table;
}

/// The boxes that were added of a class, by falling score.
std::vector<MissingLabel> added_boxes(const LabelOutcome& outcome, int class_id) {
    std::vector<MissingLabel> boxes;
    for (std::size_t d = 0; d < outcome.datasets.size(); ++d) {
        const std::vector<CompletedLabels>& records = outcome.datasets[d].records;
        for (std::size_t r = 0; r < records.size(); ++r) {
            for (const PseudoLabel& pseudo : records[r].added) {
                if (pseudo.class_id != class_id || pseudo.is_ignore) continue;
                boxes.push_back({d, r, class_id, pseudo.box, pseudo.score, LabelState::unknown});
            }
        }
    }
    std::stable_sort(boxes.begin(), boxes.end(),
                     [](const MissingLabel& a, const MissingLabel& b) { return a.score > b.score; });
    return boxes;
}

} // namespace

std::string label_page(const LabelOutcome& outcome) {
    HtmlReport report("Completed labels", std::to_string(outcome.datasets.size()) + " data sets");
    report.section("Teachers");
    report.table(teacher_table(outcome));
    report.section("Labels");
    report.table(class_table(outcome));
    std::vector<Dataset> datasets;
    for (const CompletedDataset& completed : outcome.datasets) datasets.push_back(*completed.dataset);
    for (const TeacherJudgement& one : outcome.judgements) {
        const std::vector<MissingLabel> boxes = added_boxes(outcome, one.class_id);
        if (boxes.empty()) continue;
        const auto shown = static_cast<std::ptrdiff_t>(std::min(kShown, boxes.size()));
        report.section("Added: " + outcome.table.class_name(one.class_id));
        report.text("The surest boxes.");
        add_box_gallery(report, {boxes.begin(), boxes.begin() + shown}, datasets, outcome.table, kCropSide);
        report.text("The least sure boxes.");
        add_box_gallery(report, {boxes.end() - shown, boxes.end()}, datasets, outcome.table, kCropSide);
    }
    return report.html();
}

} // namespace banyan
