#include "combine/detection_affinity.h"

#include <algorithm>
#include <utility>

#include "combine/image_errors.h"
#include "core/nms.h"
#include "eval/paired_bootstrap.h"

namespace banyan {

namespace {

constexpr double kOneSigma = 0.6826894921370859; // of a normal distribution within one standard deviation

Box to_box(const CocoBox& box) {
    return {static_cast<float>(box.x), static_cast<float>(box.y), static_cast<float>(box.x + box.width),
            static_cast<float>(box.y + box.height)};
}

/// [image][task] Boxes of detections of at least some score.
using ImageBoxes = std::vector<std::vector<std::vector<Box>>>;

ImageBoxes sure_boxes(const CocoProblem& problem, const ClassTable& table, double score) {
    ImageBoxes boxes(problem.images.size(), std::vector<std::vector<Box>>(table.tasks().size()));
    for (const CocoDetection& found : problem.detections) {
        if (found.score < score) continue;
        const auto task = static_cast<std::size_t>(table.task_of(found.category));
        boxes[static_cast<std::size_t>(found.image)][task].push_back(to_box(found.box));
    }
    return boxes;
}

double count_inside(const std::vector<Box>& boxes, const std::vector<Box>& outer, double share) {
    return static_cast<double>(std::count_if(boxes.begin(), boxes.end(), [&](const Box& box) {
        return std::any_of(outer.begin(), outer.end(),
                           [&](const Box& around) { return covered_share(box, around) >= share; });
    }));
}

/// @param count (boxes of from, boxes of onto) of one image -> (hits, trials)
template <typename Count>
AffinityMatrix shares(const char* key, const ImageBoxes& boxes, std::size_t tasks, const Count& count) {
    AffinityMatrix matrix = empty_matrix(key, tasks);
    for (std::size_t from = 0; from < tasks; ++from) {
        for (std::size_t onto = 0; onto < tasks; ++onto) {
            if (from == onto) continue;
            std::vector<double> hits, trials;
            for (const auto& image : boxes) {
                const std::pair<double, double> counted = count(image[from], image[onto]);
                hits.push_back(counted.first);
                trials.push_back(counted.second);
            }
            matrix.values[from][onto] = ratio_of_sums(hits, trials);
        }
    }
    return matrix;
}

/// A problem cut to the classes of one task, and its detections without the ground truth.
struct TaskProblem {
    CocoProblem truth;
    std::vector<CocoDetection> found;
    int first = 0; ///< class id of its first category
};

TaskProblem cut_to_task(const CocoProblem& problem, const ClassTable& table, int task) {
    TaskProblem cut;
    cut.first = table.first_class(task);
    const auto classes = static_cast<int>(table.tasks()[static_cast<std::size_t>(task)].classes.size());
    const auto is_own = [&](int category) { return category >= cut.first && category < cut.first + classes; };
    cut.truth.images = problem.images;
    for (int k = 0; k < classes; ++k) {
        cut.truth.categories.push_back(problem.categories[static_cast<std::size_t>(cut.first + k)]);
    }
    for (CocoAnnotation annotation : problem.annotations) {
        if (!is_own(annotation.category)) continue;
        annotation.category -= cut.first;
        cut.truth.annotations.push_back(std::move(annotation));
    }
    for (std::size_t i = 0; i < problem.images.size(); ++i) {
        for (int k = 0; k < classes; ++k) {
            cut.truth.set_judgement(i, static_cast<std::size_t>(k),
                                    problem.judgement(i, static_cast<std::size_t>(cut.first + k)));
        }
    }
    for (CocoDetection found : problem.detections) {
        if (!is_own(found.category)) continue;
        found.category -= cut.first;
        cut.found.push_back(found);
    }
    return cut;
}

/// [image] Detections of one task.
using ImageDetections = std::vector<std::vector<CocoDetection>>;

ImageDetections by_image(const std::vector<CocoDetection>& detections, std::size_t images) {
    ImageDetections sorted(images);
    for (const CocoDetection& found : detections) sorted[static_cast<std::size_t>(found.image)].push_back(found);
    return sorted;
}

/// What is left of `own` when `others` compete with it as boxes of the same class. @param others empty: nobody
std::vector<CocoDetection> pooled(const ImageDetections& own, const ImageDetections& others,
                                  const DetectionOptions& options) {
    const NmsOptions nms_options{static_cast<float>(options.nms_iou), static_cast<std::size_t>(options.max_detections)};
    std::vector<CocoDetection> left;
    for (std::size_t i = 0; i < own.size(); ++i) {
        std::vector<ScoredBox> boxes;
        for (const auto* side : {&own, &others}) {
            if (side->empty()) continue;
            for (const CocoDetection& found : (*side)[i]) {
                boxes.push_back({to_box(found.box), static_cast<float>(found.score), 0});
            }
        }
        for (const std::size_t kept : nms(boxes, nms_options)) {
            if (kept < own[i].size()) left.push_back(own[i][kept]);
        }
    }
    return left;
}

AffinityMatrix pooling_drops(const CocoProblem& problem, const ClassTable& table,
                             const DetectionAffinityOptions& options) {
    const std::size_t tasks = table.tasks().size();
    std::vector<TaskProblem> cuts;
    std::vector<ImageDetections> found;
    for (std::size_t t = 0; t < tasks; ++t) {
        cuts.push_back(cut_to_task(problem, table, static_cast<int>(t)));
        found.push_back(by_image(cuts.back().found, problem.images.size()));
    }
    AffinityMatrix matrix = empty_matrix(kPoolingDrop, tasks);
    for (std::size_t onto = 0; onto < tasks; ++onto) {
        std::vector<BootstrapSide> sides{{"alone", {cuts[onto].found}}};
        for (std::size_t from = 0; from < tasks; ++from) {
            const ImageDetections& others = from == onto ? ImageDetections{} : found[from];
            sides.push_back({table.tasks()[from].name, {pooled(found[onto], others, options.detection)}});
        }
        const BootstrapResult result =
            paired_bootstrap(cuts[onto].truth, sides, {options.resamples, options.seed, kOneSigma, false});
        const BootstrapMetric& ap = result.mean.ap;
        if (ap.sides.front().estimate < 0) continue; // no ground truth
        for (std::size_t from = 0; from < tasks; ++from) {
            const BootstrapDifference& lost = ap.differences[from];
            matrix.values[from][onto] = {lost.estimate, (lost.high - lost.low) / 2,
                                         static_cast<std::int64_t>(problem.images.size())};
        }
    }
    return matrix;
}

} // namespace

std::vector<AffinityMatrix> detection_affinities(const CocoProblem& problem, const ClassTable& table,
                                                 const DetectionAffinityOptions& options) {
    const std::size_t tasks = table.tasks().size();
    const ImageBoxes boxes = sure_boxes(problem, table, options.score);
    const auto inside = [&](const std::vector<Box>& from, const std::vector<Box>& onto) {
        return std::pair{count_inside(onto, from, options.inside), static_cast<double>(onto.size())};
    };
    const auto together = [](const std::vector<Box>& from, const std::vector<Box>& onto) {
        const bool shown = !onto.empty();
        return std::pair{shown && !from.empty() ? 1.0 : 0.0, shown ? 1.0 : 0.0};
    };
    return {shares(kContainment, boxes, tasks, inside), shares(kCooccurrence, boxes, tasks, together),
            pooling_drops(problem, table, options)};
}

} // namespace banyan
