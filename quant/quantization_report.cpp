#include "quant/quantization_report.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "quant/quantization_error.h"
#include "quant/weight_quantization.h"
#include "report/axis_ticks.h"
#include "report/histogram_plot.h"

namespace banyan {

namespace {

constexpr std::size_t kShownLayers = 8; // of each branch

std::string db_text(double db) { return std::isinf(db) ? "exact" : format_fixed(db, 1); }
std::string noise_text(double noise) { return db_text(sqnr_db(1, noise)); }
std::string percent_text(double share, int decimals) { return format_fixed(100 * share, decimals) + " %"; }

/// Indices of what has these figures, the lowest first.
std::vector<std::size_t> lowest_first(const std::vector<double>& figures) {
    std::vector<std::size_t> order(figures.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return figures[a] < figures[b]; });
    return order;
}

double share_of_zeros(const Histogram& histogram) {
    const auto all = static_cast<double>(histogram.finite());
    return all > 0 ? static_cast<double>(histogram.zeros()) / all : 0;
}

std::pair<std::string, std::string> histogram_plot(const QuantizedValue& value, const Histogram& histogram) {
    HistogramPlot plot;
    plot.title = value.name;
    plot.low = histogram.edge(0);
    plot.bin_width = histogram.bin_width();
    plot.counts.assign(histogram.counts().begin(), histogram.counts().end());
    plot.kept_low = double{value.range.low};
    plot.kept_high = double{value.range.high};
    const std::string caption = db_text(value.sqnr_db) + " dB; zeros " + percent_text(share_of_zeros(histogram), 1) +
                                " (not drawn), clipped " + percent_text(clipped_share(histogram, value.range), 4);
    return {histogram_svg(plot), caption};
}

std::vector<std::string> value_row(const QuantizedValue& value, const Histogram& histogram) {
    return {value.name,
            format_short(double{histogram.low()}),
            format_short(double{histogram.high()}),
            format_short(double{value.range.low}),
            format_short(double{value.range.high}),
            percent_text(share_of_zeros(histogram), 1),
            percent_text(clipped_share(histogram, value.range), 4),
            db_text(value.sqnr_db)};
}

/// The layers that harm one branch most.
ReportTable branch_table(const std::string& branch, const Sensitivity& sensitivity, std::size_t index) {
    ReportTable table{{branch + ": layer in 8 bits", "nodes", "class logits dB", "box codes dB", "share of noise"}, {}};
    double all = 0;
    for (const LayerSensitivity& layer : sensitivity.layers) all += layer.branches[index].sum();
    const std::vector<std::size_t> ranking = ranked_layers(sensitivity, index);
    for (std::size_t rank = 0; rank < std::min(ranking.size(), kShownLayers); ++rank) {
        const LayerSensitivity& layer = sensitivity.layers[ranking[rank]];
        const OutputNoise& noise = layer.branches[index];
        table.rows.push_back({layer.layer.name, std::to_string(layer.layer.nodes.size()), noise_text(noise.classes),
                              noise_text(noise.boxes), percent_text(noise.sum() / all, 1)});
    }
    if (ranking.size() > kShownLayers) {
        table.caption = "The " + std::to_string(kShownLayers) + " most harmful of " + std::to_string(ranking.size()) +
                        " layers that reach the branch.";
    }
    return table;
}

ReportTable summary_table(const std::vector<BranchOutputNames>& branches, const Sensitivity& sensitivity) {
    ReportTable table{
        {"branch", "layers", "class logits dB", "box codes dB", "class logits dB, added up", "box codes dB, added up"},
        {}};
    for (std::size_t i = 0; i < branches.size(); ++i) {
        OutputNoise sum;
        for (const LayerSensitivity& layer : sensitivity.layers) {
            sum.classes += layer.branches[i].classes;
            sum.boxes += layer.branches[i].boxes;
        }
        const OutputNoise& together = sensitivity.together[i];
        table.rows.push_back({branches[i].name, std::to_string(ranked_layers(sensitivity, i).size()),
                              noise_text(together.classes), noise_text(together.boxes), noise_text(sum.classes),
                              noise_text(sum.boxes)});
    }
    table.caption = "All layers in 8 bits together, and the noise of each alone added up. Close numbers mean that "
                    "layers can be judged one by one.";
    return table;
}

std::string layers_text(std::size_t count) { return std::to_string(count) + (count == 1 ? " layer" : " layers"); }

std::string names_text(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text.empty() ? "none" : text;
}

} // namespace

void add_value_section(HtmlReport& report, const CalibratedNetwork& calibrated) {
    std::vector<double> figures;
    for (const QuantizedValue& value : calibrated.values) figures.push_back(value.sqnr_db);
    const std::vector<std::size_t> order = lowest_first(figures);
    std::vector<std::pair<std::string, std::string>> plots;
    ReportTable table{{"value", "seen from", "to", "kept from", "to", "zeros", "clipped", "dB"}, {}};
    for (const std::size_t index : order) {
        const QuantizedValue& value = calibrated.values[index];
        const Histogram& histogram = calibrated.statistics.at(value.name).histogram;
        if (plots.size() < kShownHistograms) plots.push_back(histogram_plot(value, histogram));
        table.rows.push_back(value_row(value, histogram));
    }
    report.section("Values");
    report.text("Signal to quantisation noise of what 8 bits hold of each value on the calibration pictures; 6 dB are "
                "one bit. The worst " +
                std::to_string(plots.size()) + " of " + std::to_string(order.size()) +
                " values: how often numbers of each size came (heights are logarithmic), the kept range between "
                "dashed lines, what is clipped on red ground.");
    report.plots(plots);
    report.section("All values");
    report.table(table);
}

void add_weight_section(HtmlReport& report, const CalibratedNetwork& calibrated) {
    std::vector<std::string> names;
    std::vector<WeightError> errors;
    std::vector<double> figures;
    for (const QuantLayer& layer : quant_layers(calibrated)) {
        const std::string weight = layer.name + ".weight";
        names.push_back(layer.name);
        errors.push_back(weight_error(weight, calibrated.network.tensors.at(weight)));
        figures.push_back(errors.back().worst_db);
    }
    ReportTable table{{"layer", "weights dB", "worst output channel dB"}, {}};
    for (const std::size_t i : lowest_first(figures)) {
        table.rows.push_back({names[i], db_text(errors[i].all_db), db_text(errors[i].worst_db)});
    }
    report.section("Weights");
    report.text("Signal to quantisation noise of each layer's weights with a step for each output channel.");
    report.table(table);
}

void add_sensitivity_section(HtmlReport& report, const std::vector<BranchOutputNames>& branches,
                             const Sensitivity& sensitivity) {
    report.section("Layers");
    report.text("Signal to noise of each branch's outputs when one layer alone computes in 8 bits and all others "
                "exactly. Signal is what differs from the mean of a channel. Low numbers harm.");
    report.table(summary_table(branches, sensitivity));
    for (std::size_t i = 0; i < branches.size(); ++i) report.table(branch_table(branches[i].name, sensitivity, i));
}

void add_fallback_section(HtmlReport& report, const FallbackFigures& judged, const Fallback& fallback) {
    report.section("Floating point");
    report.text("Sets of layers that stay in floating point, in the order in which they were judged; no task may lose "
                "more than " +
                format_fixed(100 * judged.most_drop, 2) + " points of AP50. " +
                (fallback.is_within ? "The chosen set stands out."
                                    : "None was good enough; the one with the smallest loss stands out."));
    ReportTable table{{"network"}, {}};
    for (const std::string& task : judged.tasks) table.header.push_back("AP50 " + task);
    table.header.emplace_back("largest loss");
    const auto row = [&](const std::string& name, const std::vector<double>& figures, const std::string& loss) {
        std::vector<std::string> cells{name};
        for (const double figure : figures) cells.push_back(figure < 0 ? "–" : format_fixed(100 * figure, 2));
        cells.push_back(loss);
        table.rows.push_back(std::move(cells));
    };
    row("floating point", judged.exact, "");
    for (const FallbackTry& one : fallback.tries) {
        row(one.kept.empty() ? "8 bits" : "8 bits but " + layers_text(one.kept.size()), one.figures,
            format_fixed(100 * one.worst_drop, 2));
    }
    table.highlighted_row = static_cast<int>(fallback.chosen) + 1;
    report.table(table);
    report.facts({{"kept", names_text(fallback.tries[fallback.chosen].kept)}});
}

} // namespace banyan
