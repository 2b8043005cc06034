#include <filesystem>
#include <limits>
#include <optional>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>

#include "combine/affinity_probe.h"
#include "core/atomic_file.h"
#include "core/error.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;
using Square = std::vector<std::vector<double>>;

Square square_of(const Json& json, std::size_t tasks) {
    Square square(tasks, std::vector<double>(tasks));
    for (std::size_t a = 0; a < tasks; ++a) {
        for (std::size_t b = 0; b < tasks; ++b) {
            const Json& value = json.at(a).at(b);
            square[a][b] = value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
        }
    }
    return square;
}

std::optional<AffinityProbeResult> try_probe(const std::string& line, const std::vector<std::string>& tasks) {
    try {
        const Json json = Json::parse(line);
        if (json.at("tasks") != Json(tasks)) return std::nullopt;
        const std::size_t count = tasks.size();
        return AffinityProbeResult{json.at("step"), square_of(json.at(kLookAhead), count),
                                   square_of(json.at(kGradientCosine), count),
                                   square_of(json.at(kGradientRatio), count)};
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

} // namespace

std::string probe_json(const std::vector<std::string>& tasks, const AffinityProbeResult& result) {
    return Json{{"step", result.step},
                {"tasks", tasks},
                {kLookAhead, result.look_ahead},
                {kGradientCosine, result.cosine},
                {kGradientRatio, result.log2_ratio}}
        .dump();
}

std::vector<AffinityProbeResult> load_probes(const std::string& path, const std::vector<std::string>& tasks) {
    std::vector<AffinityProbeResult> probes;
    if (!std::filesystem::exists(path)) return probes;
    const std::string text = read_file(path);
    std::istringstream in(text.substr(0, text.rfind('\n') + 1)); // a killed process may have left half a line
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        std::optional<AffinityProbeResult> probe = try_probe(line, tasks);
        if (!probe) {
            throw DataError(ErrorText{path + ":" + std::to_string(number), "not a probe of these tasks",
                                      "a JSON object as `banyan merge measure` writes it", "",
                                      "measure in another folder"});
        }
        probes.push_back(std::move(*probe));
    }
    return probes;
}

} // namespace banyan
