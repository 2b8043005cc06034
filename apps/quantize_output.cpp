#include "apps/quantize_output.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "apps/text_table.h"
#include "quant/quantization_error.h"
#include "quant/weight_quantization.h"
#include "report/axis_ticks.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownValues = 8;

/// null where nothing is lost.
Json db_json(double db) { return std::isfinite(db) ? Json(db) : Json(nullptr); }

Json value_json(const QuantizedValue& value, const ValueStatistics& statistics) {
    const Histogram& histogram = statistics.histogram;
    return {{"name", value.name},
            {"min", histogram.low()},
            {"max", histogram.high()},
            {"low", value.range.low},
            {"high", value.range.high},
            {"scale", value.quantization.scale},
            {"zero_point", value.quantization.zero_point},
            {"zeros", static_cast<double>(histogram.zeros()) / static_cast<double>(histogram.finite())},
            {"clipped", clipped_share(histogram, value.range)},
            {"sqnr_db", db_json(value.sqnr_db)}};
}

Json weights_json(const CalibratedNetwork& calibrated) {
    Json weights = Json::array();
    for (const QuantLayer& layer : quant_layers(calibrated)) {
        const std::string name = layer.name + ".weight";
        const WeightError error = weight_error(name, calibrated.network.tensors.at(name));
        weights.push_back(
            {{"layer", layer.name}, {"sqnr_db", db_json(error.all_db)}, {"worst_channel_db", db_json(error.worst_db)}});
    }
    return weights;
}

Json noise_json(const OutputNoise& noise) {
    return {{"class_db", db_json(sqnr_db(1, noise.classes))}, {"box_db", db_json(sqnr_db(1, noise.boxes))}};
}

Json branch_json(const Sensitivity& sensitivity, std::size_t branch) {
    Json layers = Json::array();
    for (const std::size_t index : ranked_layers(sensitivity, branch)) {
        const LayerSensitivity& layer = sensitivity.layers[index];
        Json entry = noise_json(layer.branches[branch]);
        entry["layer"] = layer.layer.name;
        entry["nodes"] = layer.layer.nodes;
        layers.push_back(std::move(entry));
    }
    return {{"together", noise_json(sensitivity.together[branch])}, {"layers", layers}};
}

/// null where there is nothing to judge.
Json figures_json(const std::vector<double>& figures) {
    Json list = Json::array();
    for (const double figure : figures) list.push_back(figure < 0 ? Json(nullptr) : Json(figure));
    return list;
}

Json kept_json(const KeptLayers& kept) {
    Json tries = Json::array();
    for (const FallbackTry& one : kept.fallback.tries) {
        tries.push_back({{"kept", one.kept}, {"ap50", figures_json(one.figures)}, {"worst_drop", one.worst_drop}});
    }
    return {{"tasks", kept.judged.tasks},        {"float32_ap50", figures_json(kept.judged.exact)},
            {"max_drop", kept.judged.most_drop}, {"tries", tries},
            {"chosen", kept.fallback.chosen},    {"within", kept.fallback.is_within}};
}

std::string kept_text(const KeptLayers& kept) {
    TextTable table;
    std::vector<std::string> header{"AP50"};
    header.insert(header.end(), kept.judged.tasks.begin(), kept.judged.tasks.end());
    table.add(header);
    const FallbackTry& chosen = kept.fallback.tries[kept.fallback.chosen];
    const auto add = [&](std::string name, const std::vector<double>& figures) {
        std::vector<std::string> cells{std::move(name)};
        for (const double figure : figures) cells.push_back(figure < 0 ? "-" : format_fixed(100 * figure, 2));
        table.add(cells);
    };
    add("float32", kept.judged.exact);
    add("8 bits", kept.fallback.tries[0].figures);
    if (!chosen.kept.empty()) add("with layers in float", chosen.figures);
    std::string text = table.text();
    for (const std::string& layer : chosen.kept) text += "in floating point: " + layer + "\n";
    return text;
}

} // namespace

std::string quantize_json(const QuantizeOutcome& outcome) {
    Json values = Json::array();
    for (const QuantizedValue& value : outcome.calibrated.values) {
        values.push_back(value_json(value, outcome.calibrated.statistics.at(value.name)));
    }
    Json result{{"method", outcome.method},
                {"bias", outcome.bias},
                {"images", outcome.images},
                {"values", values},
                {"weights", weights_json(outcome.calibrated)}};
    if (outcome.sensitivity) {
        for (std::size_t i = 0; i < outcome.branches.size(); ++i) {
            result["sensitivity"][outcome.branches[i].name] = branch_json(*outcome.sensitivity, i);
        }
    }
    if (outcome.kept) result["fallback"] = kept_json(*outcome.kept);
    return result.dump();
}

std::string quantize_text(const QuantizeOutcome& outcome, const std::string& file) {
    std::vector<QuantizedValue> worst = outcome.calibrated.values;
    std::stable_sort(worst.begin(), worst.end(),
                     [](const QuantizedValue& a, const QuantizedValue& b) { return a.sqnr_db < b.sqnr_db; });
    if (worst.size() > kShownValues) worst.resize(kShownValues);
    TextTable table;
    table.add({"worst values", "seen from", "to", "kept from", "to", "dB"});
    for (const QuantizedValue& value : worst) {
        const Histogram& histogram = outcome.calibrated.statistics.at(value.name).histogram;
        table.add({value.name, format_short(double{histogram.low()}), format_short(double{histogram.high()}),
                   format_short(double{value.range.low}), format_short(double{value.range.high}),
                   format_short(value.sqnr_db)});
    }
    return std::to_string(outcome.calibrated.values.size()) + " values in 8 bits; written to " + file + "\n" +
           (outcome.kept ? kept_text(*outcome.kept) : "") + table.text();
}

void save_quantize_report(const QuantizeOutcome& outcome, const std::string& path) {
    HtmlReport report("8 bits: " + std::filesystem::path(outcome.model).filename().string(), "banyan quantize");
    report.section("Overview");
    report.facts({{"model", outcome.model},
                  {"ranges", outcome.method},
                  {"bias correction", outcome.bias},
                  {"calibration pictures", std::to_string(outcome.images)},
                  {"values in 8 bits", std::to_string(outcome.calibrated.values.size())},
                  {"layers in 8 bits", std::to_string(quant_layers(outcome.calibrated).size())}});
    if (outcome.kept) add_fallback_section(report, outcome.kept->judged, outcome.kept->fallback);
    if (outcome.sensitivity) add_sensitivity_section(report, outcome.branches, *outcome.sensitivity);
    add_value_section(report, outcome.calibrated);
    add_weight_section(report, outcome.calibrated);
    report.save(path);
}

} // namespace banyan
