#include "eval/detection_verdicts.h"

#include "eval/coco_grouping.h"
#include "eval/coco_matching.h"

namespace banyan {

namespace {

constexpr ThresholdMask kAtFirst = 1;

DetectionVerdict verdict_of(const MatchedDetection& detection) {
    if ((detection.true_positive[0] & kAtFirst) != 0) return DetectionVerdict::true_positive;
    if ((detection.false_positive[0] & kAtFirst) != 0) return DetectionVerdict::false_positive;
    return DetectionVerdict::ignored;
}

} // namespace

std::vector<DetectionVerdict> judge_detections(const CocoProblem& problem, const CocoOptions& options) {
    check_coco_problem(problem);
    std::vector<DetectionVerdict> verdicts(problem.detections.size(), DetectionVerdict::surplus);
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        const CocoDetection& found = problem.detections[i];
        const CocoJudgement judgement =
            problem.judgement(static_cast<std::size_t>(found.image), static_cast<std::size_t>(found.category));
        if (judgement == CocoJudgement::unknown) verdicts[i] = DetectionVerdict::unjudged;
    }
    const CocoGrouping annotations(problem.annotations, problem.images.size(), problem.categories.size());
    const CocoGrouping detections(problem.detections, problem.images.size(), problem.categories.size());
    CategoryMatcher matcher(problem, options);
    for (std::size_t category = 0; category < problem.categories.size(); ++category) {
        const CategoryMatches& matches = matcher.match(category, annotations.of(category), detections.of(category));
        for (const MatchedDetection& each : matches.detections) verdicts[each.detection] = verdict_of(each);
    }
    return verdicts;
}

} // namespace banyan
