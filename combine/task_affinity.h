#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace banyan {

/// Mean of repeated measurements with its standard error.
struct MeasuredMean {
    double mean = std::numeric_limits<double>::quiet_NaN();
    double error = std::numeric_limits<double>::quiet_NaN(); ///< standard error of the mean; NaN below two measurements
    std::int64_t count = 0;                                  ///< measurements; 0: mean is NaN
};

/// One kind of relation between tasks, [from][onto]. The diagonal is what a task is to itself, or NaN.
struct AffinityMatrix {
    std::string key;   ///< in files: "look_ahead"
    std::string title; ///< for people: "Look-ahead affinity"
    std::string about; ///< one sentence: what a value says and which sign is good
    bool symmetric = false;
    std::vector<std::vector<MeasuredMean>> values; ///< [T][T]
};

/// All that one joint run tells of how its tasks get on with each other.
struct TaskAffinities {
    std::vector<std::string> tasks;
    std::vector<AffinityMatrix> matrices;
    std::int64_t step = 0; ///< of the run, when it was last measured
    std::string model;     ///< weights that detections and transplants were measured with
    const AffinityMatrix* find(const std::string& key) const; ///< nullptr: was not measured
};

/// Keys of the matrices.
inline constexpr const char* kLookAhead = "look_ahead"; ///< 1 - loss(onto) after / before a step of from
inline constexpr const char* kGradientCosine = "gradient_cosine";
inline constexpr const char* kGradientRatio = "gradient_log2_ratio";
inline constexpr const char* kScaleOverlap = "scale_overlap"; ///< histogram overlap of box areas
inline constexpr const char* kAspectOverlap = "aspect_overlap";
inline constexpr const char* kAnchorIou = "anchor_iou";    ///< of the anchors that fit each task's boxes
inline constexpr const char* kContainment = "containment"; ///< share of onto's detections inside one of from
inline constexpr const char* kCooccurrence = "cooccurrence";
inline constexpr const char* kPoolingDrop = "pooling_drop"; ///< AP of onto lost when its output is pooled with from's
inline constexpr const char* kTransplantDrop = "transplant_drop"; ///< AP of onto lost when merged with from untrained

/// A matrix of which nothing is measured yet, with its key's title and sentence. @throws CheckError an unknown key
AffinityMatrix empty_matrix(const std::string& key, std::size_t tasks);

/// What two tasks lose when one branch takes both, without training: APs of the first and the second.
using PairDrops = std::pair<MeasuredMean, MeasuredMean>;
/// kTransplantDrop of all pairs. @param measure asked once for each pair of tasks, by their indices, first < second
AffinityMatrix transplant_drops(std::size_t tasks, const std::function<PairDrops(std::size_t, std::size_t)>& measure);

/// JSON of everything (docs/cli.md, affinities.json), and back. NaN is null.
std::string affinities_json(const TaskAffinities& affinities);
/// @throws IoError; DataError what is wrong, with its place
TaskAffinities load_affinities(const std::string& path);

} // namespace banyan
