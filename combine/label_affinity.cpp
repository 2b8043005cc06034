#include "combine/label_affinity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "anchors/anchor_fit.h"
#include "combine/image_errors.h"
#include "core/random.h"

namespace banyan {

namespace {

constexpr std::size_t kBins = 24;
constexpr double kLowestArea = -24;  // log2 of a share of the input's area; one bin an octave
constexpr double kLowestAspect = -6; // log2; two bins an octave
constexpr std::size_t kMostShapes = 2000;
constexpr std::size_t kAnchors = 5;
constexpr std::size_t kAnchorFits = 8; // for the error
constexpr int kLowestLevel = 3;        // of the fit, which looks at sizes only

/// A labelled box as the network sees it.
struct SeenBox {
    std::size_t picture = 0;
    AnchorSize size; ///< in pixels of the network input
};

/// [task] Boxes in the order of the pictures, and how many pictures there are.
struct SeenBoxes {
    std::vector<std::vector<SeenBox>> tasks;
    std::size_t pictures = 0;
};

SeenBoxes seen_boxes(const std::vector<Dataset>& datasets, const ClassTable& table, int side) {
    SeenBoxes seen{std::vector<std::vector<SeenBox>>(table.tasks().size()), 0};
    for (const Dataset& dataset : datasets) {
        for (const Record& record : dataset.records()) {
            const double scale = static_cast<double>(side) / std::max(record.width, record.height);
            for (const LabelledBox& box : record.labels.boxes) {
                const AnchorSize size{scale * box.box.width(), scale * box.box.height()};
                seen.tasks[static_cast<std::size_t>(table.task_of(box.class_id))].push_back({seen.pictures, size});
            }
            ++seen.pictures;
        }
    }
    return seen;
}

std::size_t bin_of(double value, double lowest, double bins_per_octave) {
    const double place = std::floor((value - lowest) * bins_per_octave);
    return static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(kBins - 1)));
}

using Histogram = std::array<double, kBins>;
using Bins = std::vector<std::size_t>; ///< of a task's boxes

Histogram histogram_of(const std::vector<SeenBox>& boxes, const Bins& bins, const std::vector<int>* weights) {
    Histogram histogram{};
    double sum = 0;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        const double weight = weights ? (*weights)[boxes[i].picture] : 1;
        histogram[bins[i]] += weight;
        sum += weight;
    }
    for (double& share : histogram) share /= sum; // not a number without boxes
    return histogram;
}

double overlap(const Histogram& a, const Histogram& b) {
    if (std::isnan(a[0]) || std::isnan(b[0])) return std::numeric_limits<double>::quiet_NaN();
    double common = 0;
    for (std::size_t k = 0; k < kBins; ++k) common += std::min(a[k], b[k]);
    return common;
}

std::int64_t fewer_boxes(const SeenBoxes& seen, std::size_t a, std::size_t b) {
    return static_cast<std::int64_t>(std::min(seen.tasks[a].size(), seen.tasks[b].size()));
}

/// @param bins [task] of the boxes
AffinityMatrix overlaps(const char* key, const SeenBoxes& seen, const std::vector<Bins>& bins,
                        const LabelAffinityOptions& options) {
    const std::size_t tasks = seen.tasks.size();
    AffinityMatrix matrix = empty_matrix(key, tasks);
    for (std::size_t a = 0; a < tasks; ++a) {
        for (std::size_t b = 0; b <= a; ++b) {
            const std::int64_t count = fewer_boxes(seen, a, b);
            if (count == 0) continue;
            const auto value = [&](const std::vector<int>* weights) {
                return overlap(histogram_of(seen.tasks[a], bins[a], weights),
                               histogram_of(seen.tasks[b], bins[b], weights));
            };
            MeasuredMean& cell = matrix.values[a][b];
            cell = {value(nullptr), 0, count};
            if (a != b) {
                cell.error = bootstrap_error(seen.pictures, options.resamples, options.seed,
                                             [&](const std::vector<int>& weights) { return value(&weights); });
            }
            matrix.values[b][a] = cell;
        }
    }
    return matrix;
}

/// Anchors that fit a task's boxes, with the shares of the boxes that each is best for.
struct FittedAnchors {
    std::vector<AnchorSize> sizes;
    std::vector<double> shares;
};

/// At most kMostShapes of the shapes, drawn.
std::vector<AnchorSize> drawn(std::vector<AnchorSize> shapes, Random& random) {
    if (shapes.size() <= kMostShapes) return shapes;
    random.shuffle(shapes);
    shapes.resize(kMostShapes);
    return shapes;
}

FittedAnchors fitted(const std::vector<AnchorSize>& shapes, std::uint64_t seed) {
    std::set<std::pair<double, double>> distinct;
    for (const AnchorSize& shape : shapes) distinct.insert({shape.width_px, shape.height_px});
    AnchorFitOptions options;
    options.seed = seed;
    options.levels.clear();
    for (std::size_t k = 0; k < std::min(kAnchors, distinct.size()); ++k) {
        options.levels.push_back(kLowestLevel + static_cast<int>(k));
    }
    FittedAnchors anchors;
    if (shapes.empty()) return anchors;
    const AnchorFit fit = fit_anchors(shapes, options);
    for (const auto& level : fit.sizes) anchors.sizes.insert(anchors.sizes.end(), level.begin(), level.end());
    for (const auto& level : fit.shares) anchors.shares.insert(anchors.shares.end(), level.begin(), level.end());
    return anchors;
}

double shape_overlap(const AnchorSize& a, const AnchorSize& b) {
    const double common = std::min(a.width_px, b.width_px) * std::min(a.height_px, b.height_px);
    return common / (a.width_px * a.height_px + b.width_px * b.height_px - common);
}

double covered(const FittedAnchors& a, const FittedAnchors& by) {
    double mean = 0;
    for (std::size_t i = 0; i < a.sizes.size(); ++i) {
        double best = 0;
        for (const AnchorSize& size : by.sizes) best = std::max(best, shape_overlap(a.sizes[i], size));
        mean += a.shares[i] * best;
    }
    return mean;
}

double anchor_iou(const FittedAnchors& a, const FittedAnchors& b) { return (covered(a, b) + covered(b, a)) / 2; }

/// [task] Fits to all pictures, or to those of which `is_in` tells true.
template <typename IsIn>
std::vector<FittedAnchors> fit_tasks(const SeenBoxes& seen, std::uint64_t seed, const IsIn& is_in) {
    std::vector<FittedAnchors> fits;
    for (std::size_t t = 0; t < seen.tasks.size(); ++t) {
        std::vector<AnchorSize> shapes;
        for (const SeenBox& box : seen.tasks[t]) {
            if (is_in(box.picture)) shapes.push_back(box.size);
        }
        Random random(seed, t);
        fits.push_back(fitted(drawn(std::move(shapes), random), seed));
    }
    return fits;
}

/// [fit][task] Fits to random halves of the pictures.
std::vector<std::vector<FittedAnchors>> fit_halves(const SeenBoxes& seen, std::uint64_t seed) {
    std::vector<std::vector<FittedAnchors>> fits;
    for (std::size_t f = 1; f <= kAnchorFits; ++f) {
        Random random(seed, f, 1);
        std::vector<bool> chosen(seen.pictures);
        for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = random.chance(0.5);
        fits.push_back(fit_tasks(seen, seed + f, [&](std::size_t picture) { return chosen[picture]; }));
    }
    return fits;
}

AffinityMatrix anchor_ious(const SeenBoxes& seen, std::uint64_t seed) {
    const std::size_t tasks = seen.tasks.size();
    const std::vector<FittedAnchors> all = fit_tasks(seen, seed, [](std::size_t) { return true; });
    const std::vector<std::vector<FittedAnchors>> halves = fit_halves(seen, seed);
    AffinityMatrix matrix = empty_matrix(kAnchorIou, tasks);
    for (std::size_t a = 0; a < tasks; ++a) {
        for (std::size_t b = 0; b <= a; ++b) {
            const std::int64_t count = fewer_boxes(seen, a, b);
            if (count == 0) continue;
            std::vector<double> values;
            for (const auto& half : halves) {
                if (!half[a].sizes.empty() && !half[b].sizes.empty()) values.push_back(anchor_iou(half[a], half[b]));
            }
            matrix.values[a][b] = {anchor_iou(all[a], all[b]), spread_of(values), count};
            matrix.values[b][a] = matrix.values[a][b];
        }
    }
    return matrix;
}

} // namespace

std::vector<AffinityMatrix> label_affinities(const std::vector<Dataset>& datasets, const ClassTable& table,
                                             const LabelAffinityOptions& options) {
    const SeenBoxes seen = seen_boxes(datasets, table, options.side);
    const double input_area = static_cast<double>(options.side) * options.side;
    std::vector<Bins> scales, aspects;
    for (const std::vector<SeenBox>& boxes : seen.tasks) {
        scales.emplace_back();
        aspects.emplace_back();
        for (const SeenBox& box : boxes) {
            const double area = box.size.width_px * box.size.height_px;
            scales.back().push_back(bin_of(std::log2(area / input_area), kLowestArea, 1));
            aspects.back().push_back(bin_of(std::log2(box.size.height_px / box.size.width_px), kLowestAspect, 2));
        }
    }
    return {overlaps(kScaleOverlap, seen, scales, options), overlaps(kAspectOverlap, seen, aspects, options),
            anchor_ious(seen, options.seed)};
}

} // namespace banyan
