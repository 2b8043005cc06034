#include "eval/leakage.h"

#include <algorithm>

#include "core/check.h"
#include "eval/detection_verdicts.h"

namespace banyan {

namespace {

/// Data set of each image of a problem.
std::vector<std::size_t> datasets_of_images(const CocoProblem& problem, const std::vector<Dataset>& datasets) {
    std::vector<std::size_t> of_image;
    for (std::size_t d = 0; d < datasets.size(); ++d) of_image.insert(of_image.end(), datasets[d].size(), d);
    BANYAN_CHECK(of_image.size() == problem.images.size(), "a problem of ", problem.images.size(),
                 " images, but the data sets have ", of_image.size());
    return of_image;
}

/// What is known of one task in one image.
struct TaskLabels {
    bool has_labelled = false;   // a class of it
    bool has_unlabelled = false; // a class of it
    bool is_exact = true;        // all classes are judged, so that no box means no object
};

TaskLabels labels_in(const CocoProblem& problem, std::size_t image, std::size_t first_class, std::size_t classes) {
    TaskLabels labels;
    for (std::size_t k = first_class; k < first_class + classes; ++k) {
        const CocoJudgement judgement = problem.judgement(image, k);
        const bool unknown = judgement == CocoJudgement::unknown;
        labels.has_labelled |= !unknown;
        labels.has_unlabelled |= unknown;
        labels.is_exact &= judgement == CocoJudgement::judged;
    }
    return labels;
}

void count(double score, LeakageCounts& counts) {
    for (std::size_t s = 0; s < kLeakageScores.size(); ++s) counts[s] += score >= kLeakageScores[s];
}

class LeakageCounter {
public:
    LeakageCounter(const CocoProblem& problem, const std::vector<Dataset>& datasets, const ClassTable& table)
        : problem_(problem), table_(table), dataset_of_(datasets_of_images(problem, datasets)),
          is_empty_(problem.images.size() * table.tasks().size()) {
        for (const Dataset& dataset : datasets) matrix_.datasets.push_back(dataset.name());
        for (const Task& task : table.tasks()) matrix_.tasks.push_back(task.name);
        matrix_.cells.assign(datasets.size(), std::vector<LeakageCell>(table.tasks().size()));
    }

    LeakageMatrix count_all() {
        count_objects();
        count_images();
        const std::vector<DetectionVerdict> verdicts = judge_detections(problem_);
        for (std::size_t i = 0; i < verdicts.size(); ++i) count_detection(problem_.detections[i], verdicts[i]);
        return std::move(matrix_);
    }

private:
    std::size_t task_of(std::int32_t category) const { return static_cast<std::size_t>(table_.task_of(category)); }
    std::size_t pair(std::size_t image, std::size_t task) const { return image * matrix_.tasks.size() + task; }
    LeakageCell& cell(std::size_t image, std::size_t task) { return matrix_.cells[dataset_of_[image]][task]; }

    void count_objects() {
        std::fill(is_empty_.begin(), is_empty_.end(), true);
        for (const CocoAnnotation& each : problem_.annotations) {
            const auto image = static_cast<std::size_t>(each.image);
            if (problem_.judgement(image, static_cast<std::size_t>(each.category)) == CocoJudgement::unknown) continue;
            is_empty_[pair(image, task_of(each.category))] = false;
            cell(image, task_of(each.category)).objects += !each.crowd;
        }
    }

    void count_images() {
        for (std::size_t image = 0; image < problem_.images.size(); ++image) {
            for (std::size_t t = 0; t < matrix_.tasks.size(); ++t) {
                const auto first = static_cast<std::size_t>(table_.first_class(static_cast<int>(t)));
                const TaskLabels labels = labels_in(problem_, image, first, table_.tasks()[t].classes.size());
                if (!labels.is_exact) is_empty_[pair(image, t)] = false;
                cell(image, t).labelled_images += labels.has_labelled;
                cell(image, t).unlabelled_images += labels.has_unlabelled;
                cell(image, t).empty_images += is_empty_[pair(image, t)];
            }
        }
    }

    void count_detection(const CocoDetection& found, DetectionVerdict verdict) {
        const auto image = static_cast<std::size_t>(found.image);
        const std::size_t task = task_of(found.category);
        LeakageCell& here = cell(image, task);
        if (verdict == DetectionVerdict::surplus) return;
        if (verdict == DetectionVerdict::unjudged) return count(found.score, here.leaked);
        count(found.score, here.found);
        if (verdict == DetectionVerdict::true_positive) count(found.score, here.true_found);
        if (verdict != DetectionVerdict::false_positive) return;
        count(found.score, here.false_found);
        if (is_empty_[pair(image, task)]) count(found.score, here.false_in_empty);
    }

    const CocoProblem& problem_;
    const ClassTable& table_;
    std::vector<std::size_t> dataset_of_; // [image]
    std::vector<bool> is_empty_;          // [image * tasks + task]
    LeakageMatrix matrix_;
};

} // namespace

LeakageMatrix leakage_matrix(const CocoProblem& problem, const std::vector<Dataset>& datasets,
                             const ClassTable& table) {
    return LeakageCounter(problem, datasets, table).count_all();
}

} // namespace banyan
