#include "apps/label_outcome.h"

#include <nlohmann/json.hpp>

#include "apps/text_table.h"
#include "report/axis_ticks.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

std::string number(double value) {
    constexpr int kDecimals = 3;
    return format_fixed(value, kDecimals);
}

/// null without a labelled object.
Json judged_json(const JudgedClass& judged, double value) { return judged.objects == 0 ? Json(nullptr) : Json(value); }
std::string judged_text(const JudgedClass& judged, double value) { return judged.objects == 0 ? "-" : number(value); }

const TeacherJudgement& judgement_of(const LabelOutcome& outcome, int class_id) {
    std::size_t i = 0;
    while (outcome.judgements[i].class_id != class_id) ++i;
    return outcome.judgements[i];
}

Json teacher_json(const LabelOutcome& outcome, const TeacherJudgement& one) {
    const ScoreThresholds& thresholds = one.thresholds;
    return {{"class", outcome.table.class_name(one.class_id)},
            {"teacher", outcome.teachers[one.teacher].name},
            {"low", thresholds.low},
            {"high", thresholds.high},
            {"by_hand", one.is_by_hand},
            {"ap", judged_json(one.judged, one.judged.average_precision)},
            {"f_high", judged_json(one.judged, f_score(one.judged, thresholds.high, outcome.beta_high))},
            {"f_low", judged_json(one.judged, f_score(one.judged, thresholds.low, outcome.beta_low))},
            {"pictures", one.judged.pictures},
            {"objects", one.judged.objects}};
}

Json class_json(const LabelOutcome& outcome, const LabelledClass& one) {
    const ScoreQuality quality = quality_from(one.judged, judgement_of(outcome, one.class_id).thresholds.high);
    return {{"completed", one.completed},
            {"boxes", one.boxes},
            {"ignore_regions", one.ignored},
            {"labelled",
             {{"pictures", one.judged.pictures},
              {"objects", one.judged.objects},
              {"precision", judged_json(one.judged, quality.precision)},
              {"recall", judged_json(one.judged, quality.recall)}}}};
}

} // namespace

std::string label_outcome_json(const LabelOutcome& outcome) {
    Json teachers = Json::array(), datasets = Json::array();
    for (const TeacherJudgement& one : outcome.judgements) teachers.push_back(teacher_json(outcome, one));
    for (std::size_t d = 0; d < outcome.datasets.size(); ++d) {
        Json classes = Json::object();
        for (const LabelledClass& one : outcome.classes) {
            if (one.dataset == d) classes[outcome.table.class_name(one.class_id)] = class_json(outcome, one);
        }
        datasets.push_back({{"name", outcome.datasets[d].dataset->name()},
                            {"pictures", outcome.datasets[d].dataset->size()},
                            {"classes", classes}});
    }
    const Json root{{"iou", outcome.iou}, {"teachers", teachers}, {"datasets", datasets}};
    return root.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string label_outcome_table(const LabelOutcome& outcome) {
    TextTable teachers, classes;
    teachers.add({"class", "teacher", "low", "high", "AP", "F high", "F low", "objects"});
    for (const TeacherJudgement& one : outcome.judgements) {
        const ScoreThresholds& thresholds = one.thresholds;
        teachers.add({outcome.table.class_name(one.class_id), outcome.teachers[one.teacher].name,
                      number(thresholds.low), number(thresholds.high),
                      judged_text(one.judged, one.judged.average_precision),
                      judged_text(one.judged, f_score(one.judged, thresholds.high, outcome.beta_high)),
                      judged_text(one.judged, f_score(one.judged, thresholds.low, outcome.beta_low)),
                      std::to_string(one.judged.objects)});
    }
    classes.add({"data set, class", "pictures completed", "boxes", "ignore regions", "precision", "recall", "objects"});
    for (const LabelledClass& one : outcome.classes) {
        const ScoreQuality quality = quality_from(one.judged, judgement_of(outcome, one.class_id).thresholds.high);
        classes.add({outcome.datasets[one.dataset].dataset->name() + ", " + outcome.table.class_name(one.class_id),
                     std::to_string(one.completed), std::to_string(one.boxes), std::to_string(one.ignored),
                     judged_text(one.judged, quality.precision), judged_text(one.judged, quality.recall),
                     std::to_string(one.judged.objects)});
    }
    return teachers.text() + "\n" + classes.text();
}

} // namespace banyan
