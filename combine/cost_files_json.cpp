#include <nlohmann/json.hpp>

#include "combine/cost_files.h"

namespace banyan {

std::string measured_networks_json(const MeasuredCosts& measured) {
    using Json = nlohmann::ordered_json;
    Json networks = Json::array();
    for (const NetworkCost& network : measured.networks) {
        networks.push_back({{"groups", network.groups},
                            {"median_ms", network.median_ms},
                            {"error_ms", network.error_ms},
                            {"p90_ms", network.p90_ms},
                            {"rounds", network.samples}});
    }
    return Json{{"networks", networks}}.dump(2) + "\n";
}

} // namespace banyan
