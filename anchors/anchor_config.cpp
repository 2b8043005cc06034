#include "anchors/anchor_config.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/strict_json.h"

namespace banyan {

namespace {

using nlohmann::json;

constexpr double kSmallest = 1e-3;
constexpr double kLargestPx = 65536;

bool is_size(const json& entry) {
    const auto fits = [](const json& side) {
        return side.is_number() && side.get<double>() >= kSmallest && side.get<double>() <= kLargestPx;
    };
    return entry.is_array() && entry.size() == 2 && fits(entry[0]) && fits(entry[1]);
}

[[noreturn]] void refuse_sizes(const ConfigReader& reader, const std::string& place, const std::string& expected,
                               const json& found) {
    throw ConfigError(ErrorText{reader.where("sizes") + place, "wrong value", expected, describe_json(found), ""});
}

std::vector<AnchorSize> sizes_of_list(const ConfigReader& reader, const json& list, const std::string& place) {
    if (!list.is_array()) refuse_sizes(reader, place, "a list of sizes [width, height]", list);
    std::vector<AnchorSize> sizes;
    for (const json& entry : list) {
        if (!is_size(entry)) {
            refuse_sizes(reader, place + "/" + std::to_string(sizes.size()),
                         "[width, height], two numbers in [0.001, 65536] pixels", entry);
        }
        sizes.push_back({entry[0].get<double>(), entry[1].get<double>()});
    }
    return sizes;
}

std::vector<std::vector<AnchorSize>> read_sizes(const ConfigReader& reader) {
    const json& lists = reader.json()["sizes"];
    if (!lists.is_array()) refuse_sizes(reader, "", "a list of one list of sizes a level", lists);
    std::vector<std::vector<AnchorSize>> sizes;
    for (const json& list : lists) sizes.push_back(sizes_of_list(reader, list, "/" + std::to_string(sizes.size())));
    if (sizes.empty()) refuse_sizes(reader, "", "a list of one list of sizes a level", lists);
    return sizes;
}

} // namespace

AnchorOptions parse_anchors(ConfigReader reader) {
    AnchorOptions options;
    const ConfigReader::Choices<AnchorKind> kinds{{"boxes", AnchorKind::boxes}, {"points", AnchorKind::points}};
    options.kind = reader.choice("kind", kinds, options.kind);
    const std::vector<std::int64_t> levels =
        reader.integers("levels", 2, 8, {options.levels.begin(), options.levels.end()});
    options.levels.assign(levels.begin(), levels.end());
    if (reader.has("sizes")) {
        for (const char* key : {"scales", "aspect_hw"}) {
            if (!reader.has(key)) continue;
            const std::string problem = std::string("\"sizes\" and \"") + key + "\" exclude each other";
            throw ConfigError(ErrorText{reader.where(key), problem, "", "", "remove one of them"});
        }
        options.sizes = read_sizes(reader);
    } else {
        options.scales = reader.reals("scales", kSmallest, 1e4, options.scales);
        options.aspect_hw = reader.reals("aspect_hw", kSmallest, 1e3, options.aspect_hw);
    }
    reader.finish();
    validate_anchors(options, reader.where());
    return options;
}

namespace {

MaxIouOptions parse_max_iou(ConfigReader& reader) {
    constexpr double kLowestPositive = 0.01;
    MaxIouOptions max_iou;
    const double positive = reader.real("positive_iou", kLowestPositive, 1, 0.5);
    const double negative = reader.real("negative_iou", 0, 1, 0.4);
    max_iou.positive_iou = static_cast<float>(positive);
    max_iou.negative_iou = static_cast<float>(negative);
    max_iou.force_best = reader.boolean("force_best", max_iou.force_best);
    if (negative > positive) {
        const std::string expected = "at most positive_iou " + std::to_string(positive);
        throw ConfigError(ErrorText{reader.where("negative_iou"), "", expected, std::to_string(negative), ""});
    }
    return max_iou;
}

} // namespace

MatcherOptions parse_matcher(ConfigReader reader) {
    MatcherOptions options;
    const ConfigReader::Choices<MatcherKind> kinds{{"atss", MatcherKind::atss},
                                                   {"max_iou", MatcherKind::max_iou},
                                                   {"tal", MatcherKind::tal},
                                                   {"simota", MatcherKind::simota}};
    options.kind = reader.choice("type", kinds, options.kind);
    const auto top_k = [&](int fallback) { return static_cast<int>(reader.integer("top_k", 1, 100, fallback)); };
    switch (options.kind) {
    case MatcherKind::atss: options.atss.top_k = top_k(options.atss.top_k); break;
    case MatcherKind::max_iou: options.max_iou = parse_max_iou(reader); break;
    case MatcherKind::tal:
        options.tal.top_k = top_k(options.tal.top_k);
        options.tal.alpha = reader.real("alpha", 0, 10, options.tal.alpha);
        options.tal.beta = reader.real("beta", 0, 10, options.tal.beta);
        break;
    case MatcherKind::simota:
        options.simota.top_k = top_k(options.simota.top_k);
        options.simota.iou_weight = reader.real("iou_weight", 0, 100, options.simota.iou_weight);
        break;
    }
    reader.finish();
    return options;
}

} // namespace banyan
