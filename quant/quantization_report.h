#pragma once

#include <string>
#include <vector>

#include "quant/fallback.h"
#include "quant/sensitivity.h"
#include "report/html_report.h"

namespace banyan {

/// Values of which a report shows the histogram: the worst ones, so that a page stays below 2 MB.
constexpr std::size_t kShownHistograms = 24;

/// What was judged to find layers that stay in floating point, for a report.
struct FallbackFigures {
    std::vector<std::string> tasks;
    std::vector<double> exact; ///< AP50 of the exact network, by task; below 0: nothing to judge
    double most_drop = 0;
};

/// Histograms of the worst values and a table of all, the worst first.
void add_value_section(HtmlReport& report, const CalibratedNetwork& calibrated);

/// What rounding does to the weights of each layer, the worst first.
void add_weight_section(HtmlReport& report, const CalibratedNetwork& calibrated);

/// For each branch the layers that harm it most, and the noise of all together.
void add_sensitivity_section(HtmlReport& report, const std::vector<BranchOutputNames>& branches,
                             const Sensitivity& sensitivity);

/// Every set of layers that was judged.
void add_fallback_section(HtmlReport& report, const FallbackFigures& judged, const Fallback& fallback);

} // namespace banyan
