#include "train/conflict_report.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/atomic_file.h"
#include "report/axis_ticks.h"
#include "report/heat_map.h"
#include "train/metrics_log.h"

namespace banyan {

namespace {

void add_new(std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

std::size_t place_of(const std::vector<std::string>& names, const std::string& name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::string error_note(double error) { return std::isfinite(error) ? "± " + format_fixed(error, 3) : ""; }

HeatMap square_map(const std::vector<MeanConflict>& conflicts, const std::string& title) {
    HeatMap map;
    map.title = title;
    map.scale = ColourScale::diverging;
    for (const MeanConflict& conflict : conflicts) add_new(map.rows, conflict.a);
    for (const MeanConflict& conflict : conflicts) add_new(map.rows, conflict.b);
    map.columns = map.rows;
    map.cells.assign(map.rows.size(), std::vector<HeatCell>(map.rows.size()));
    return map;
}

HeatMap cosine_map(const std::vector<MeanConflict>& conflicts) {
    HeatMap map = square_map(conflicts, "Cosine of the branches' gradients");
    map.low = -1;
    map.high = 1;
    for (const MeanConflict& conflict : conflicts) {
        const std::size_t a = place_of(map.rows, conflict.a), b = place_of(map.rows, conflict.b);
        map.cells[a][b] = map.cells[b][a] = {conflict.cosine, error_note(conflict.cosine_error)};
    }
    return map;
}

HeatMap ratio_map(const std::vector<MeanConflict>& conflicts) {
    HeatMap map = square_map(conflicts, "Norm of the gradients, log2 of row / column");
    for (const MeanConflict& conflict : conflicts) {
        const std::size_t a = place_of(map.rows, conflict.a), b = place_of(map.rows, conflict.b);
        map.cells[a][b] = {conflict.log2_ratio, error_note(conflict.log2_ratio_error)};
        map.cells[b][a] = {-conflict.log2_ratio, error_note(conflict.log2_ratio_error)};
    }
    return map;
}

void add_map(HtmlReport& report, const std::string& path, const HeatMap& map) {
    const std::string svg = heat_map_svg(map);
    write_file_atomically(path, svg);
    report.svg(svg);
}

} // namespace

void add_conflict_section(HtmlReport& report, const std::string& run_folder) {
    const std::vector<MeanConflict> conflicts = read_metrics(run_folder).conflicts;
    if (conflicts.empty()) return;
    report.section("Gradients of the branches");
    report.text(
        "What the branches' losses want of the trunk's parameters, pair by pair: means over the measured steps in "
        "which both were present, with their standard errors. A cosine below 0 is a conflict. A norm of +1 "
        "means twice the other's gradient.");
    add_map(report, run_folder + "/plots/conflict_cosine.svg", cosine_map(conflicts));
    add_map(report, run_folder + "/plots/conflict_norm.svg", ratio_map(conflicts));
}

} // namespace banyan
