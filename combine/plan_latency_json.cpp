#include <nlohmann/json.hpp>

#include "combine/plan_latency.h"

namespace banyan {

using Json = nlohmann::ordered_json;

std::string plan_latencies_json(const std::vector<PlanLatency>& latencies) {
    Json networks = Json::array();
    for (const PlanLatency& latency : latencies) {
        networks.push_back(
            {{"groups", latency.plan.groups}, {"median_ms", latency.median_ms}, {"error_ms", latency.error_ms}});
    }
    return Json{{"networks", networks}}.dump(2) + "\n";
}

std::optional<std::vector<PlanLatency>> parse_plan_latencies(const std::string& text) {
    try {
        std::vector<PlanLatency> latencies;
        const Json json = Json::parse(text);
        for (const Json& network : json.at("networks")) {
            latencies.push_back({{network.at("groups").get<std::vector<std::vector<std::string>>>()},
                                 network.at("median_ms").get<double>(),
                                 network.at("error_ms").get<double>()});
        }
        return latencies;
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

} // namespace banyan
