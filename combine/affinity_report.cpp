#include <algorithm>
#include <cmath>
#include <string>

#include "combine/measure_affinities.h"
#include "report/axis_ticks.h"
#include "report/heat_map.h"

namespace banyan {

namespace {

bool has_both_signs(const std::string& key) {
    return key == kLookAhead || key == kGradientCosine || key == kGradientRatio || key == kPoolingDrop ||
           key == kTransplantDrop;
}

/// Enough decimals to see the largest value with two digits.
int decimals_of(const AffinityMatrix& matrix) {
    double largest = 0;
    for (const auto& row : matrix.values) {
        for (const MeasuredMean& value : row) {
            if (std::isfinite(value.mean)) largest = std::max(largest, std::abs(value.mean));
        }
    }
    return largest >= 0.1 || largest == 0 ? 2 : std::min(6, 1 - static_cast<int>(std::floor(std::log10(largest))));
}

HeatMap map_of(const AffinityMatrix& matrix, const std::vector<std::string>& tasks) {
    HeatMap map;
    map.title = matrix.title;
    map.rows = map.columns = tasks;
    if (!matrix.symmetric) {
        map.row_title = "from";
        map.column_title = "onto";
    }
    map.decimals = decimals_of(matrix);
    if (has_both_signs(matrix.key)) {
        map.scale = ColourScale::diverging;
    } else {
        map.low = 0;
        map.high = 1;
    }
    map.cells.assign(tasks.size(), std::vector<HeatCell>(tasks.size()));
    for (std::size_t a = 0; a < tasks.size(); ++a) {
        for (std::size_t b = 0; b < tasks.size(); ++b) {
            const MeasuredMean& value = matrix.values[a][b];
            map.cells[a][b].value = value.mean;
            if (std::isfinite(value.error)) {
                map.cells[a][b].note = "± " + format_fixed(value.error, map.decimals + 1);
            }
        }
    }
    return map;
}

} // namespace

void add_affinity_section(HtmlReport& report, const TaskAffinities& affinities) {
    report.section("How the tasks get on");
    report.text("Means with their standard errors; rows are the tasks that act, columns those that feel it.");
    for (const AffinityMatrix& matrix : affinities.matrices) {
        report.svg(heat_map_svg(map_of(matrix, affinities.tasks)), matrix.about);
    }
}

} // namespace banyan
