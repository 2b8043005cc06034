#include "eval/coco_matching.h"

#include <algorithm>
#include <bit>

#include "core/check.h"

namespace banyan {

namespace {

/// Unsigned number that falls as `score` rises; 0.0 and -0.0 are the same score.
std::uint64_t falling_key(double score) {
    constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
    const auto bits = std::bit_cast<std::uint64_t>(score + 0.0);
    const std::uint64_t rising = (bits & kSign) != 0 ? ~bits : bits | kSign;
    return ~rising;
}

/// Intersection over union, or over the detection where the target is a crowd. The operations and their order are
/// those of bbIou in pycocotools' maskApi.c: a different rounding could cross a threshold.
double overlap_of(const CocoBox& detection, double detection_area, const CocoBox& target, double target_area,
                  bool crowd) {
    const double width =
        std::min(detection.width + detection.x, target.width + target.x) - std::max(detection.x, target.x);
    if (width <= 0) return 0;
    const double height =
        std::min(detection.height + detection.y, target.height + target.y) - std::max(detection.y, target.y);
    if (height <= 0) return 0;
    const double common = width * height;
    return common / (crowd ? detection_area : detection_area + target_area - common);
}

/// Share of the detection in a region that is no box.
double share_in(const Polygon& region, const CocoBox& detection) {
    const Box box{static_cast<float>(detection.x), static_cast<float>(detection.y),
                  static_cast<float>(detection.x + detection.width),
                  static_cast<float>(detection.y + detection.height)};
    return static_cast<double>(covered_share(box, region));
}

ThresholdMask without(ThresholdMask mask, ThresholdMask removed) { return static_cast<ThresholdMask>(mask & ~removed); }

} // namespace

CategoryMatcher::CategoryMatcher(const CocoProblem& problem, const CocoOptions& options)
    : problem_(problem), max_detections_(options.max_detections.back()), thresholds_(options.iou_thresholds),
      partial_(problem.images.size()), image_begin_(problem.images.size()), image_count_(problem.images.size()) {
    BANYAN_CHECK(
        std::is_sorted(thresholds_.begin(), thresholds_.end()) && thresholds_.front() > 0 && thresholds_.back() <= 1,
        "iou_thresholds must be in (0, 1] and not fall, got ", thresholds_.front(), " to ", thresholds_.back());
}

const CategoryMatches& CategoryMatcher::match(std::size_t category, std::span<const std::uint32_t> annotations,
                                              std::span<const std::uint32_t> detections) {
    matches_.detections.clear();
    matches_.ground_truth = {};
    matches_.counts = {};
    collect_entries(category, detections);
    rank_entries();
    match_images(category, annotations);
    matches_.counts.detections = matches_.detections.size();
    return matches_;
}

void CategoryMatcher::collect_entries(std::size_t category, std::span<const std::uint32_t> detections) {
    std::size_t judged_images = problem_.images.size();
    if (!problem_.judgements.empty()) {
        judged_images = 0;
        for (std::size_t image = 0; image < problem_.images.size(); ++image) {
            const CocoJudgement judgement = problem_.judgement(image, category);
            partial_[image] = judgement == CocoJudgement::partial;
            judged_images += judgement != CocoJudgement::unknown;
        }
    }
    matches_.counts.images = judged_images;

    entries_.clear();
    keys_.clear();
    std::fill(image_count_.begin(), image_count_.end(), 0U);
    for (const std::uint32_t index : detections) {
        const CocoDetection& detection = problem_.detections[index];
        const auto image = static_cast<std::uint32_t>(detection.image);
        if (problem_.judgement(image, category) == CocoJudgement::unknown) {
            ++matches_.counts.unjudged_detections;
            continue;
        }
        const auto entry = static_cast<std::uint32_t>(entries_.size());
        if (entries_.empty() || entries_.back().image != image) image_begin_[image] = entry;
        entries_.push_back({detection.box, detection.box.area(), detection.score, image, index});
        keys_.push_back({falling_key(detection.score), entry});
    }
}

void CategoryMatcher::rank_entries() {
    std::sort(keys_.begin(), keys_.end(), [](const SortKey& a, const SortKey& b) {
        return a.falling_score != b.falling_score ? a.falling_score < b.falling_score : a.entry < b.entry;
    });
    ranked_.resize(entries_.size());
    entry_of_.clear();
    for (const SortKey& key : keys_) {
        const std::uint32_t image = entries_[key.entry].image;
        const std::uint32_t rank = image_count_[image];
        if (rank == max_detections_) continue;
        ++image_count_[image];
        ranked_[image_begin_[image] + rank] = static_cast<std::uint32_t>(matches_.detections.size());
        entry_of_.push_back(key.entry);
        add_detection(key.entry, rank);
    }
}

/// As it counts when it matches nothing.
void CategoryMatcher::add_detection(std::uint32_t entry, std::uint32_t rank) {
    const Entry& from = entries_[entry];
    MatchedDetection& added = matches_.detections.emplace_back();
    added.score = from.score;
    added.detection = from.detection;
    added.rank = rank;
    if (partial_[from.image]) return;
    for (std::size_t area = 0; area < kCocoAreas; ++area) {
        added.false_positive[area] = kCocoAreaRange[area].contains(from.area) ? kAllThresholds : ThresholdMask{0};
    }
}

void CategoryMatcher::match_images(std::size_t category, std::span<const std::uint32_t> annotations) {
    for (std::size_t begin = 0, end = 0; begin < annotations.size(); begin = end) {
        const std::int32_t image = problem_.annotations[annotations[begin]].image;
        while (end < annotations.size() && problem_.annotations[annotations[end]].image == image) ++end;
        if (problem_.judgement(static_cast<std::size_t>(image), category) == CocoJudgement::unknown) {
            matches_.counts.unjudged_annotations += end - begin;
            continue;
        }
        collect_targets(annotations.subspan(begin, end - begin));
        match_image(static_cast<std::size_t>(image));
    }
}

void CategoryMatcher::collect_targets(std::span<const std::uint32_t> annotations) {
    targets_.clear();
    for (const std::uint32_t index : annotations) {
        const CocoAnnotation& annotation = problem_.annotations[index];
        Target& target = targets_.emplace_back();
        target.box = annotation.box;
        target.area_of_box = annotation.box.area();
        target.outline = annotation.crowd && !annotation.outline.corners.empty() ? &annotation.outline : nullptr;
        target.crowd = annotation.crowd;
        target.zero_id = annotation.zero_id;
        target.taken = {};
        for (std::size_t area = 0; area < kCocoAreas; ++area) {
            target.ignored[area] = annotation.crowd || !kCocoAreaRange[area].contains(annotation.area);
            matches_.ground_truth[area] += !target.ignored[area];
        }
        matches_.counts.ground_truth += !annotation.crowd;
        matches_.counts.ignore_regions += annotation.crowd;
    }
}

void CategoryMatcher::match_image(std::size_t image) {
    for (std::uint32_t rank = 0; rank < image_count_[image]; ++rank) {
        const std::uint32_t index = ranked_[image_begin_[image] + rank];
        const Entry& entry = entries_[entry_of_[index]];
        find_candidates(entry);
        if (!candidates_.empty()) assign_candidates(entry, matches_.detections[index]);
    }
}

ThresholdMask CategoryMatcher::thresholds_reached(double overlap) const {
    unsigned mask = 0;
    for (std::size_t t = 0; t < kCocoIouThresholds; ++t) {
        mask |= static_cast<unsigned>(overlap >= thresholds_[t]) << t;
    }
    return static_cast<ThresholdMask>(mask);
}

/// The targets that overlap enough for the lowest threshold, best first. Of equal overlaps the later target wins, as
/// in pycocotools.
void CategoryMatcher::find_candidates(const Entry& entry) {
    candidates_.clear();
    for (std::uint32_t i = 0; i < targets_.size(); ++i) {
        const Target& target = targets_[i];
        double overlap = overlap_of(entry.box, entry.area, target.box, target.area_of_box, target.crowd);
        if (target.outline && overlap >= thresholds_[0]) overlap = share_in(*target.outline, entry.box);
        if (overlap >= thresholds_[0]) candidates_.push_back({overlap, i, thresholds_reached(overlap)});
    }
    std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
        return a.overlap != b.overlap ? a.overlap > b.overlap : a.target > b.target;
    });
}

/// At each threshold the detection takes the best free object, or else the best ignored target (a crowd is always
/// free).
void CategoryMatcher::assign_candidates(const Entry& entry, MatchedDetection& detection) {
    const bool partial = partial_[entry.image];
    for (std::size_t area = 0; area < kCocoAreas; ++area) {
        ThresholdMask open = kAllThresholds;
        ThresholdMask hit = 0;
        ThresholdMask ignored = 0;
        for (const bool among_ignored : {false, true}) {
            for (const Candidate& candidate : candidates_) {
                Target& target = targets_[candidate.target];
                if (target.ignored[area] != among_ignored) continue;
                ThresholdMask won = candidate.reached & open;
                if (!target.crowd) won = without(won, target.taken[area]);
                target.taken[area] |= won;
                open = without(open, won);
                if (among_ignored)
                    ignored |= won;
                else if (!target.zero_id)
                    hit |= won;
            }
        }
        const bool unmatched_counts = !partial && kCocoAreaRange[area].contains(entry.area);
        const auto matched = static_cast<ThresholdMask>(hit | ignored);
        detection.true_positive[area] = hit;
        detection.false_positive[area] = unmatched_counts ? without(kAllThresholds, matched) : ThresholdMask{0};
    }
}

} // namespace banyan
