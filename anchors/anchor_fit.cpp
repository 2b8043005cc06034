#include "anchors/anchor_fit.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>
#include <utility>

#include "core/check.h"
#include "core/random.h"

namespace banyan {

namespace {

using Shapes = std::vector<AnchorSize>;

constexpr int kMaxIterations = 100;

/// IoU of two boxes with one centre.
double shape_iou(const AnchorSize& a, const AnchorSize& b) {
    const double common = std::min(a.width_px, b.width_px) * std::min(a.height_px, b.height_px);
    return common / (a.width_px * a.height_px + b.width_px * b.height_px - common);
}

void check_shapes(const Shapes& shapes) {
    BANYAN_CHECK(!shapes.empty(), "anchor fit: expected box sizes, found none");
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        const auto [width, height] = shapes[i];
        BANYAN_CHECK(std::isfinite(width) && std::isfinite(height) && width > 0 && height > 0, "anchor fit: size ", i,
                     " is not positive: ", width, " x ", height);
    }
}

struct Nearest {
    std::size_t center = 0;
    double iou = 0;
};

Nearest nearest(const AnchorSize& shape, const Shapes& centers) {
    Nearest best;
    for (std::size_t c = 0; c < centers.size(); ++c) {
        const double iou = shape_iou(shape, centers[c]);
        if (iou > best.iou) best = {c, iou};
    }
    return best;
}

struct Clustering {
    Shapes centers;
    std::vector<Nearest> of_shape;
    double mean_iou = 0;
};

Clustering assign(const Shapes& shapes, Shapes centers) {
    Clustering result{std::move(centers), {}, 0};
    result.of_shape.reserve(shapes.size());
    for (const AnchorSize& shape : shapes) {
        result.of_shape.push_back(nearest(shape, result.centers));
        result.mean_iou += result.of_shape.back().iou;
    }
    result.mean_iou /= static_cast<double>(shapes.size());
    return result;
}

/// Index drawn with probability proportional to its weight; never one of weight 0.
std::size_t draw(const std::vector<double>& weights, Random& random) {
    double total = 0;
    for (const double weight : weights) total += weight;
    double rest = random.uniform() * total;
    std::size_t last = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (weights[i] <= 0) continue;
        last = i;
        rest -= weights[i];
        if (rest < 0) break;
    }
    return last;
}

/// k-means++ (Arthur and Vassilvitskii, "k-means++: The Advantages of Careful Seeding", 2007): each further centre is a
/// shape drawn with probability proportional to its squared distance from the centres so far.
Shapes start_centers(const Shapes& shapes, std::size_t count, Random& random) {
    Shapes centers{shapes[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(shapes.size()) - 1))]};
    std::vector<double> weights(shapes.size(), 1.0);
    while (centers.size() < count) {
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            const double distance = 1 - shape_iou(shapes[i], centers.back());
            weights[i] = std::min(weights[i], distance * distance);
        }
        centers.push_back(shapes[draw(weights, random)]);
    }
    return centers;
}

double median(std::vector<double>& numbers) {
    const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
    std::nth_element(numbers.begin(), middle, numbers.end());
    if (numbers.size() % 2 == 1) return *middle;
    return (*std::max_element(numbers.begin(), middle) + *middle) / 2;
}

/// Median width and height of each centre's shapes. A centre that has lost all its shapes stays.
Shapes moved_centers(const Shapes& shapes, const Clustering& clustering) {
    Shapes centers = clustering.centers;
    std::vector<double> widths, heights;
    for (std::size_t c = 0; c < centers.size(); ++c) {
        widths.clear();
        heights.clear();
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            if (clustering.of_shape[i].center != c) continue;
            widths.push_back(shapes[i].width_px);
            heights.push_back(shapes[i].height_px);
        }
        if (!widths.empty()) centers[c] = {median(widths), median(heights)};
    }
    return centers;
}

/// Medians need not raise the mean IoU, so the best clustering on the way is kept.
Clustering cluster(const Shapes& shapes, std::size_t count, Random random) {
    Clustering now = assign(shapes, start_centers(shapes, count, random));
    Clustering best = now;
    for (int i = 0; i < kMaxIterations; ++i) {
        Shapes moved = moved_centers(shapes, now);
        if (moved == now.centers) break;
        now = assign(shapes, std::move(moved));
        if (now.mean_iou > best.mean_iou) best = now;
    }
    return best;
}

/// The report on sizes already grouped by level.
AnchorFit rated(const Shapes& shapes, std::vector<Shapes> sizes) {
    Shapes all;
    for (const Shapes& of_level : sizes) all.insert(all.end(), of_level.begin(), of_level.end());
    const Clustering clustering = assign(shapes, all);

    const double share = 1.0 / static_cast<double>(shapes.size());
    std::vector<double> counts(all.size(), 0);
    double hits_50 = 0, hits_70 = 0;
    for (const Nearest& found : clustering.of_shape) {
        counts[found.center] += 1;
        hits_50 += found.iou >= 0.5 ? 1 : 0;
        hits_70 += found.iou >= 0.7 ? 1 : 0;
    }
    AnchorFit fit{std::move(sizes), clustering.mean_iou, hits_50 * share, hits_70 * share, {}};
    auto next = counts.begin();
    for (const Shapes& of_level : fit.sizes) {
        fit.shares.emplace_back();
        for (std::size_t a = 0; a < of_level.size(); ++a) fit.shares.back().push_back(*next++ * share);
    }
    return fit;
}

} // namespace

AnchorFit fit_anchors(const std::vector<AnchorSize>& shapes, const AnchorFitOptions& options) {
    BANYAN_CHECK(!options.levels.empty(), "anchor fit: expected at least one level");
    BANYAN_CHECK(1 <= options.per_level && options.per_level <= 16, "anchor fit: expected per_level in [1, 16], found ",
                 options.per_level);
    BANYAN_CHECK(1 <= options.restarts && options.restarts <= 1000,
                 "anchor fit: expected restarts in [1, 1000], found ", options.restarts);
    check_shapes(shapes);
    const auto per_level = static_cast<std::size_t>(options.per_level);
    const std::size_t count = options.levels.size() * per_level;
    std::set<std::pair<double, double>> distinct;
    for (const AnchorSize& shape : shapes) distinct.emplace(shape.width_px, shape.height_px);
    BANYAN_CHECK(distinct.size() >= count, "anchor fit: expected at least ", count,
                 " distinct box sizes (one an anchor), found ", distinct.size(),
                 "; ask for fewer levels or anchors a level");

    Clustering best;
    for (int restart = 0; restart < options.restarts; ++restart) {
        Clustering found = cluster(shapes, count, Random(options.seed, static_cast<std::uint64_t>(restart)));
        if (restart == 0 || found.mean_iou > best.mean_iou) best = std::move(found);
    }
    std::sort(best.centers.begin(), best.centers.end(), [](const AnchorSize& a, const AnchorSize& b) {
        return std::pair(a.width_px * a.height_px, a.width_px) < std::pair(b.width_px * b.height_px, b.width_px);
    });
    std::vector<Shapes> sizes(options.levels.size());
    for (std::size_t c = 0; c < count; ++c) sizes[c / per_level].push_back(best.centers[c]);
    return rated(shapes, std::move(sizes));
}

AnchorFit rate_anchors(const std::vector<AnchorSize>& shapes, const AnchorOptions& anchors) {
    check_anchors(anchors);
    check_shapes(shapes);
    std::vector<Shapes> sizes;
    for (std::size_t i = 0; i < anchors.levels.size(); ++i) sizes.push_back(sizes_of_level(anchors, i));
    return rated(shapes, std::move(sizes));
}

std::string describe(const AnchorFit& fit, const std::vector<int>& levels) {
    BANYAN_CHECK(levels.size() == fit.sizes.size(), "anchor fit: expected ", fit.sizes.size(), " levels, found ",
                 levels.size());
    char line[128];
    std::string text = "level  width px  height px  boxes\n";
    for (std::size_t i = 0; i < levels.size(); ++i) {
        for (std::size_t a = 0; a < fit.sizes[i].size(); ++a) {
            const AnchorSize& size = fit.sizes[i][a];
            std::snprintf(line, sizeof line, "p%-4d  %8.1f  %9.1f  %4.1f%%\n", levels[i], size.width_px, size.height_px,
                          100 * fit.shares[i][a]);
            text += line;
        }
    }
    std::snprintf(line, sizeof line, "mean IoU %.3f, IoU >= 0.5: %.1f%%, IoU >= 0.7: %.1f%%\n", fit.mean_iou,
                  100 * fit.recall_50, 100 * fit.recall_70);
    return text + line;
}

} // namespace banyan
