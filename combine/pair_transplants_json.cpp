#include <filesystem>
#include <limits>
#include <sstream>

#include <nlohmann/json.hpp>

#include "combine/pair_transplants.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/hash.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

Json drop_json(const MeasuredMean& drop) {
    return {{"mean", drop.mean}, {"error", drop.error}, {"count", drop.count}}; // what is not finite is null
}

double number_or_nan(const Json& json) {
    return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

MeasuredMean drop_of(const Json& json) {
    return {number_or_nan(json.at("mean")), number_or_nan(json.at("error")), json.at("count").get<std::int64_t>()};
}

} // namespace

std::string pair_json(const std::pair<std::string, std::string>& tasks, const PairDrops& drops) {
    return Json{{"tasks", {tasks.first, tasks.second}}, {"lost", {drop_json(drops.first), drop_json(drops.second)}}}
        .dump();
}

std::string pairs_header_json(const RunConfig& config, const PairTransplantOptions& options) {
    return Json{{"config_hash", hash_text(config.effective)},
                {"model_hash", hash_text(read_file(options.model))},
                {"pictures", options.pictures},
                {"resamples", options.resamples},
                {"seed", options.seed},
                {"method", name_of(options.transplant.method)},
                {"shared_boxes", options.transplant.boxes == BoxOutputs::shared},
                {"width", options.transplant.width}}
        .dump();
}

std::vector<PairDrops> load_pairs(const std::string& path, const std::string& header) {
    std::vector<PairDrops> pairs;
    if (!std::filesystem::exists(path)) return pairs;
    std::istringstream in(read_file(path));
    std::string line;
    if (!std::getline(in, line) || line != header) return pairs;
    for (int number = 2; std::getline(in, line); ++number) {
        try {
            const Json lost = Json::parse(line).at("lost");
            pairs.emplace_back(drop_of(lost.at(0)), drop_of(lost.at(1)));
        } catch (const Json::exception&) {
            throw DataError(ErrorText{path + ":" + std::to_string(number), "not a pair of tasks",
                                      "a JSON object as `banyan merge measure` writes it", "", "remove the file"});
        }
    }
    return pairs;
}

} // namespace banyan
