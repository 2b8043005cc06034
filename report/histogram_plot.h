#pragma once

#include <optional>
#include <string>
#include <vector>

namespace banyan {

/// How often numbers of each size came.
struct HistogramPlot {
    std::string title = {};
    std::string x_label = {};
    double low = 0;             ///< lower edge of the first bin
    double bin_width = 1;       ///< > 0
    std::vector<double> counts; ///< not empty; neighbouring bins are joined where there are more than pixels
    /// The part that is kept: its ends are drawn as lines, what lies outside stands on a pale red ground.
    std::optional<double> kept_low = {}, kept_high = {};
    int width = 480; ///< px [240, 4096]
    int height = 250;
};

/// The histogram as a self-contained SVG picture, with counts on a logarithmic axis.
/// @throws CheckError no bins, a width that is not positive, a size out of range
std::string histogram_svg(const HistogramPlot& plot);

} // namespace banyan
