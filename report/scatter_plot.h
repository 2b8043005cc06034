#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace banyan {

/// One mark of a scatter plot. A point whose x or y is not finite is not drawn.
struct ScatterPoint {
    static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

    double x = 0; ///< the cost, e.g. milliseconds or multiply-adds
    double y = 0; ///< what it gives, e.g. AP
    std::string label = {};
    double x_low = kNone, x_high = kNone; ///< ends of the error bars; an end that is not finite has none
    double y_low = kNone, y_high = kNone;
    bool highlighted = false; ///< a ring about the mark, e.g. of the chosen plan; say in the caption what it means
};

/// Points of one colour.
struct ScatterSeries {
    std::string name;
    std::vector<ScatterPoint> points;
};

struct ScatterPlotOptions {
    std::string title = {};
    std::string x_label = {};
    std::string y_label = {};
    bool pareto_line = false; ///< a dashed staircase along the Pareto front of all points
    int width = 760;          ///< px [240, 4096]
    int height = 440;         ///< px [160, 4096]
};

/// Indices of the points that no other one beats, by rising x: none has both an x as low and a y as high, one of them
/// better. Of equal points the first is meant. Points that are not finite belong to no front.
std::vector<std::size_t> pareto_front(const std::vector<ScatterPoint>& points);

/// Marks with error bars and labels as a self-contained SVG picture, low x and high y being good. Labels stand beside,
/// above or below their marks, where they cover the least. Series without a drawable point are named "(no data)".
/// @throws CheckError a size out of range
std::string scatter_plot_svg(const std::vector<ScatterSeries>& series, const ScatterPlotOptions& options);

} // namespace banyan
