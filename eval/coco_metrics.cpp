#include "eval/coco_metrics.h"

#include <algorithm>
#include <chrono>

#include "core/check.h"
#include "eval/coco_curves.h"
#include "eval/coco_grouping.h"

namespace banyan {

namespace {

/// Adds the time since the last call to one of several sums.
class SplitClock {
public:
    void add_to(double& seconds) {
        const auto now = std::chrono::steady_clock::now();
        seconds += std::chrono::duration<double>(now - last_).count();
        last_ = now;
    }

private:
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

void check_options(const CocoOptions& options) {
    const auto& limits = options.max_detections;
    BANYAN_CHECK(0 < limits[0] && limits[0] <= limits[1] && limits[1] <= limits[2],
                 "max_detections must be positive and rising, got ", limits[0], ", ", limits[1], ", ", limits[2]);
}

} // namespace

CocoResult evaluate_coco(const CocoProblem& problem, const CocoOptions& options) {
    SplitClock clock;
    check_options(options);
    check_coco_problem(problem);

    CocoResult result;
    result.unknown_category_detections = problem.unknown_category_detections;
    result.zero_id_annotations =
        static_cast<std::size_t>(std::count_if(problem.annotations.begin(), problem.annotations.end(),
                                               [](const CocoAnnotation& annotation) { return annotation.zero_id; }));
    result.seconds.load = problem.load_seconds;

    const CocoGrouping annotations(problem.annotations, problem.images.size(), problem.categories.size());
    const CocoGrouping detections(problem.detections, problem.images.size(), problem.categories.size());
    CategoryMatcher matcher(problem, options);
    for (std::size_t category = 0; category < problem.categories.size(); ++category) {
        CocoClassResult& of_class = result.per_class.emplace_back();
        of_class.name = problem.categories[category].name;
        of_class.id = problem.categories[category].id;
        const CategoryMatches& matches = matcher.match(category, annotations.of(category), detections.of(category));
        clock.add_to(result.seconds.match);
        accumulate_category(matches, options, of_class);
        clock.add_to(result.seconds.accumulate);
    }
    result.stats = average_stats(result.per_class);
    clock.add_to(result.seconds.accumulate);
    return result;
}

} // namespace banyan
