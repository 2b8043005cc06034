#include "eval/evaluate.h"

#include <algorithm>
#include <chrono>

#include "core/box.h"
#include "data/load_sample.h"
#include "eval/detection_verdicts.h"

namespace banyan {

namespace {

CocoJudgement judgement_of(LabelState state) {
    switch (state) {
    case LabelState::exhaustive:
    case LabelState::absent: return CocoJudgement::judged;
    case LabelState::partial: return CocoJudgement::partial;
    case LabelState::unknown: break;
    }
    return CocoJudgement::unknown;
}

struct ImageRef {
    std::size_t dataset = 0, record = 0;
};

std::vector<ImageRef> images_of(const std::vector<Dataset>& datasets) {
    std::vector<ImageRef> images;
    for (std::size_t d = 0; d < datasets.size(); ++d) {
        for (std::size_t r = 0; r < datasets[d].size(); ++r) images.push_back({d, r});
    }
    return images;
}

void add_labels(const Labels& labels, std::size_t index, CocoProblem& problem) {
    const auto image = static_cast<std::int32_t>(index);
    for (std::size_t k = 0; k < labels.states.size(); ++k) {
        problem.set_judgement(index, k, judgement_of(labels.states[k]));
    }
    for (const LabelledBox& box : labels.boxes) {
        const CocoBox coco_box = to_coco_box(box.box);
        problem.annotations.push_back({image, box.class_id, coco_box, coco_box.area(), false, false});
    }
    for (const IgnoreRegion& region : labels.ignore) {
        problem.add_ignore_region(image, region.class_id, region.area);
    }
}

/// Letterboxed pictures, side x side, of images [first, first + the number of geometries).
std::vector<Image> load_pictures(const std::vector<Dataset>& datasets, const std::vector<ImageRef>& images,
                                 std::size_t first, std::vector<LetterboxGeometry>& geometries, int side) {
    std::vector<Image> pictures;
    for (std::size_t i = 0; i < geometries.size(); ++i) {
        const ImageRef& ref = images[first + i];
        pictures.push_back(load_eval_sample(datasets[ref.dataset], ref.record, side, geometries[i]).image);
    }
    return pictures;
}

void add_detections(const std::vector<ScoredBox>& boxes, std::int32_t image, const LetterboxGeometry& geometry,
                    const Record& record, CocoProblem& problem) {
    for (const ScoredBox& scored : boxes) {
        const Box box =
            clip(geometry.to_original(scored.box), static_cast<float>(record.width), static_cast<float>(record.height));
        problem.detections.push_back({image, scored.class_id, to_coco_box(box), static_cast<double>(scored.score)});
    }
}

CocoStats mean_stats(const std::vector<CocoClassResult>& classes) {
    CocoStats mean;
    for (std::size_t s = 0; s < kCocoStats; ++s) {
        double sum = 0;
        int count = 0;
        for (const CocoClassResult& result : classes) {
            if (result.stats.values[s] < 0) continue;
            sum += result.stats.values[s];
            ++count;
        }
        mean.values[s] = count == 0 ? -1.0 : sum / count;
    }
    return mean;
}

std::size_t judged_images(const CocoProblem& problem, int first_class, std::size_t classes) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < problem.images.size(); ++i) {
        for (std::size_t k = 0; k < classes; ++k) {
            if (problem.judgement(i, static_cast<std::size_t>(first_class) + k) == CocoJudgement::unknown) continue;
            ++count;
            break;
        }
    }
    return count;
}

/// [task]: counted by verdict.
std::vector<TaskResult> count_detections(const CocoProblem& problem, const ClassTable& table) {
    std::vector<TaskResult> counted(table.tasks().size());
    const std::vector<DetectionVerdict> verdicts = judge_detections(problem);
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        const CocoDetection& found = problem.detections[i];
        if (found.score < kCountedScore) continue;
        TaskResult& task = counted[static_cast<std::size_t>(table.task_of(found.category))];
        switch (verdicts[i]) {
        case DetectionVerdict::true_positive:
        case DetectionVerdict::false_positive: ++task.judged_detections; break;
        case DetectionVerdict::ignored: ++task.ignored_detections; break;
        case DetectionVerdict::unjudged: ++task.unjudged_detections; break;
        case DetectionVerdict::surplus: break;
        }
    }
    return counted;
}

EvalReport report_of(const CocoProblem& problem, const ClassTable& table) {
    const CocoResult result = evaluate_coco(problem);
    std::vector<TaskResult> counted = count_detections(problem, table);
    EvalReport report;
    report.images = problem.images.size();
    for (std::size_t t = 0; t < table.tasks().size(); ++t) {
        const int first = table.first_class(static_cast<int>(t));
        const std::size_t classes = table.tasks()[t].classes.size();
        TaskResult& task = counted[t];
        task.task = table.tasks()[t].name;
        task.images = judged_images(problem, first, classes);
        if (task.images == 0) continue;
        const auto begin = result.per_class.begin() + first;
        task.classes.assign(begin, begin + static_cast<std::ptrdiff_t>(classes));
        task.stats = mean_stats(task.classes);
        report.tasks.push_back(std::move(task));
    }
    return report;
}

} // namespace

double EvalReport::mean(CocoStat stat) const {
    double sum = 0;
    int count = 0;
    for (const TaskResult& task : tasks) {
        if (task.stats[stat] < 0) continue;
        sum += task.stats[stat];
        ++count;
    }
    return count == 0 ? -1 : sum / count;
}

CocoProblem ground_truth_of(const std::vector<Dataset>& datasets, const ClassTable& table) {
    CocoProblem problem;
    for (int k = 0; k < table.size(); ++k) {
        problem.categories.push_back({k + 1, table.class_name(k), table.task_name_of(k)});
    }
    const std::vector<ImageRef> images = images_of(datasets);
    for (const ImageRef& ref : images) {
        const Dataset& dataset = datasets[ref.dataset];
        const auto id = static_cast<std::int64_t>(problem.images.size()) + 1;
        problem.images.push_back({id, dataset.name() + "/" + dataset.record(ref.record).name});
    }
    for (std::size_t i = 0; i < images.size(); ++i) {
        add_labels(datasets[images[i].dataset].record(images[i].record).labels, i, problem);
    }
    return problem;
}

EvalReport evaluate_datasets(const Predictor& predictor, const std::vector<Dataset>& datasets, const ClassTable& table,
                             const EvalOptions& options, CocoProblem* problem_out) {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<ImageRef> images = images_of(datasets);
    CocoProblem problem = ground_truth_of(datasets, table);
    for (std::size_t first = 0; first < images.size(); first += static_cast<std::size_t>(options.batch_size)) {
        if (options.stop && options.stop()) return {};
        std::vector<LetterboxGeometry> geometries(
            std::min(images.size() - first, static_cast<std::size_t>(options.batch_size)));
        const Predictions predictions = predictor(load_pictures(datasets, images, first, geometries, options.side));
        for (std::size_t i = 0; i < geometries.size(); ++i) {
            const ImageRef& ref = images[first + i];
            add_detections(predictions[i], static_cast<std::int32_t>(first + i), geometries[i],
                           datasets[ref.dataset].record(ref.record), problem);
        }
        if (options.progress) options.progress(first + geometries.size(), images.size());
    }
    EvalReport report = report_of(problem, table);
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (problem_out) *problem_out = std::move(problem);
    return report;
}

} // namespace banyan
