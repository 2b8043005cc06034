#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "eval/coco_matching.h"
#include "eval/image_resamples.h"

namespace banyan {

/// The objects of one category that a block of resamples holds, and which recall points so and so many hits reach.
class ResampledRecall {
public:
    ResampledRecall(const CocoProblem& problem, std::size_t category);

    /// Counts the block's objects.
    void use(const ImageResamples& resamples);

    std::int32_t objects(std::size_t lane) const { return objects_[lane]; }
    /// Of the 101 recall points, those that `hits` found objects of the lane reach.
    std::uint8_t points(std::size_t lane, std::int32_t hits) const {
        return points_[first_[lane] + static_cast<std::size_t>(hits)];
    }

private:
    struct ObjectCount {
        std::uint32_t image;
        std::int32_t objects;
    };

    std::vector<ObjectCount> images_;
    ResampleLanes<std::int32_t> objects_{};
    ResampleLanes<std::size_t> first_{}; // of the lane's table in points_
    std::vector<std::uint8_t> points_;   // one table [objects + 1] for each number of objects in the block
};

/// AP (IoU 0.5 … 0.95) and AP50 of a block of resamples; -1 where no object was drawn.
struct ResampledValues {
    ResampleLanes<double> ap{};
    ResampleLanes<double> ap50{};
};

/// Detections of one category, matched once: a resample changes how often an image counts, not what matches in it.
///
/// With the weights w of their images the detections are gone through by falling score, hits and misses of all lanes
/// summed at once. Copies of a true positive stand together, so precision at the last of them is the only one that the
/// falling envelope can take from them; going back from the end, a detection adds envelope * (recall points that its
/// copies reach). This is what evaluate_coco gives for the images written out w times, up to rounding, and up to the
/// order of equal scores within one image.
/// Cost per lane: one addition a false positive, 10 divisions a true positive.
class ResampledPrecision {
public:
    ResampledPrecision(const CocoProblem& problem, const CategoryMatches& matches);

    /// @param recall  of the same category and block
    ResampledValues values(const ImageResamples& resamples, const ResampledRecall& recall);

private:
    /// A detection that is false at every threshold (hit 0, miss all) or one that makes a step of the curve.
    struct Weighed {
        std::uint32_t image;
        ThresholdMask hit;
        ThresholdMask miss;
    };
    /// A true positive at the threshold at hand, counts up to and with it.
    struct Step {
        std::uint32_t image;
        ResampleLanes<std::int32_t> hits;
        ResampleLanes<double> precision;
    };

    void sum_plain_misses(const ImageResamples& resamples);
    void find_steps(const ImageResamples& resamples, std::size_t threshold);
    ResampleLanes<double> mean_precision(const ImageResamples& resamples, const ResampledRecall& recall) const;

    std::vector<Weighed> detections_;                       // by falling score
    std::vector<ResampleLanes<std::int32_t>> plain_misses_; // [those that are not plain misses], before each
    std::vector<Step> steps_;
    std::size_t step_count_ = 0; // of steps_, which keeps its memory
};

} // namespace banyan
