#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "eval/coco_metrics.h"
#include "eval/coco_thresholds.h"

namespace banyan {

/// What one detection counts as, per area range and IoU threshold; in neither mask: ignored.
struct MatchedDetection {
    double score = 0;
    std::uint32_t detection = 0; ///< index into CocoProblem::detections
    std::uint32_t rank = 0;      ///< place among the image's detections of the category, 0 is the best
    std::array<ThresholdMask, kCocoAreas> true_positive{};
    std::array<ThresholdMask, kCocoAreas> false_positive{};
};

/// All that one category's curves are made of.
struct CategoryMatches {
    std::vector<MatchedDetection> detections; ///< by (score falling, image, order given)
    std::array<std::size_t, kCocoAreas> ground_truth{};
    CocoCounts counts; ///< without the counts at IoU 0.5
};

/// Matches the detections of one category after the other; keeps its buffers between them.
class CategoryMatcher {
public:
    /// Keeps a reference to `problem`, which must be checked. Of each image and category the last of
    /// options.max_detections are matched. @throws CheckError IoU thresholds out of range
    CategoryMatcher(const CocoProblem& problem, const CocoOptions& options);

    /// `annotations` and `detections`: the category's indices, by image, then in the order given.
    /// The result is valid until the next call.
    const CategoryMatches& match(std::size_t category, std::span<const std::uint32_t> annotations,
                                 std::span<const std::uint32_t> detections);

private:
    /// A detection in the order of images.
    struct Entry {
        CocoBox box;
        double area;
        double score;
        std::uint32_t image;
        std::uint32_t detection; // index into CocoProblem::detections
    };
    struct SortKey {
        std::uint64_t falling_score; // orders as the score does, the highest first
        std::uint32_t entry;
    };
    /// An annotation of the image at hand.
    struct Target {
        CocoBox box;
        double area_of_box;
        const Polygon* outline; // null where the box is the region
        bool crowd;
        bool zero_id;
        std::array<bool, kCocoAreas> ignored;
        std::array<ThresholdMask, kCocoAreas> taken; // thresholds at which a detection has it
    };
    struct Candidate {
        double overlap;
        std::uint32_t target;
        ThresholdMask reached; // thresholds not above the overlap
    };

    void collect_entries(std::size_t category, std::span<const std::uint32_t> detections);
    void rank_entries();
    void add_detection(std::uint32_t entry, std::uint32_t rank);
    void match_images(std::size_t category, std::span<const std::uint32_t> annotations);
    void collect_targets(std::span<const std::uint32_t> annotations);
    void match_image(std::size_t image);
    ThresholdMask thresholds_reached(double overlap) const;
    void find_candidates(const Entry& entry);
    void assign_candidates(const Entry& entry, MatchedDetection& detection);

    const CocoProblem& problem_;
    std::size_t max_detections_;
    std::array<double, kCocoIouThresholds> thresholds_;
    std::vector<bool> partial_;              // [image]; for the category at hand
    std::vector<std::uint32_t> image_begin_; // [image]; first of the image's entries
    std::vector<std::uint32_t> image_count_; // [image]; entries ranked so far, not above max_detections
    std::vector<Entry> entries_;
    std::vector<SortKey> keys_;
    std::vector<std::uint32_t> ranked_;   // [image_begin + rank] -> index into matches_.detections
    std::vector<std::uint32_t> entry_of_; // [matches_.detections] -> index into entries_
    std::vector<Target> targets_;
    std::vector<Candidate> candidates_;
    CategoryMatches matches_;
};

} // namespace banyan
