#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/curve.h"

namespace banyan {

/// One line of a plot.
struct PlotSeries {
    std::string name;
    Curve points; ///< x must not fall; gaps (y not finite, or not positive on a log axis) interrupt the line
};

struct LinePlotOptions {
    std::string title = {};
    std::string x_label = {};
    std::string y_label = {};
    bool log_y = false;
    /// Weight of the exponential moving average in [0, 1); above 0 the raw line stands pale behind the smooth one.
    double smoothing = 0;
    std::optional<double> y_low = {}; ///< fixed ends of a linear y axis, e.g. 0 and 1 for an AP
    std::optional<double> y_high = {};
    int width = 760; ///< px [240, 4096]
    int height = 400;
};

/// A line plot as a self-contained SVG picture: legend, round ticks, dark text on white. Series without a drawable
/// point are named "(no data)" in the legend. Any number of points: what a pixel cannot show is thinned out.
std::string line_plot_svg(const std::vector<PlotSeries>& series, const LinePlotOptions& options);

/// One colour of bars: a value for each group; a value that is not finite has no bar and is written "–".
struct BarSeries {
    std::string name;
    std::vector<double> values;
};

struct BarChartOptions {
    std::string title = {};
    std::string y_label = {};
    int decimals = 2;                  ///< of the numbers on the bars
    std::optional<double> y_high = {}; ///< fixed upper end of the axis, e.g. 1 for an AP
    int width = 760;                   ///< px [240, 4096]
    int height = 380;
};

/// Groups of bars from 0 (e.g. a group for each task, a bar for each way of training), each with its number on it.
/// @throws CheckError a series has another number of values than there are groups
std::string bar_chart_svg(const std::vector<std::string>& groups, const std::vector<BarSeries>& series,
                          const BarChartOptions& options);

} // namespace banyan
