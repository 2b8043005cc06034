#include "label/complete_labels.h"

#include <algorithm>

#include "core/polygon.h"

namespace banyan {

namespace {

constexpr float kSameObject = 0.5F, kInside = 0.5F;

bool has_box_near(const Labels& labels, const ScoredBox& scored) {
    return std::any_of(labels.boxes.begin(), labels.boxes.end(), [&](const LabelledBox& labelled) {
        return labelled.class_id == scored.class_id && iou(labelled.box, scored.box) >= kSameObject;
    });
}

bool is_ignored(const Labels& labels, const ScoredBox& scored) {
    return std::any_of(labels.ignore.begin(), labels.ignore.end(), [&](const IgnoreRegion& region) {
        const bool concerns = region.class_id == scored.class_id || region.class_id < 0;
        return concerns && covered_share(scored.box, region.area) >= kInside;
    });
}

} // namespace

CompletedLabels complete_labels(const Labels& labels, const std::vector<std::vector<ScoredBox>>& found,
                                const std::vector<std::optional<ClassTeacher>>& teachers) {
    CompletedLabels completed;
    completed.states = labels.states;
    for (std::size_t k = 0; k < completed.states.size(); ++k) {
        if (completed.states[k] != LabelState::unknown || !teachers.at(k)) continue;
        const ClassTeacher& teacher = *teachers[k];
        completed.states[k] = LabelState::exhaustive;
        for (const ScoredBox& scored : found.at(teacher.teacher)) {
            const auto score = static_cast<double>(scored.score);
            const bool is_of_class = scored.class_id == static_cast<int>(k);
            if (!is_of_class || score < teacher.thresholds.low) continue;
            if (has_box_near(labels, scored) || is_ignored(labels, scored)) continue;
            completed.added.push_back(
                {scored.box, scored.class_id, score, teacher.teacher, score < teacher.thresholds.high});
        }
    }
    return completed;
}

} // namespace banyan
