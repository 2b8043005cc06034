#include <nlohmann/json.hpp>

#include "combine/confirm.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

Json estimate_json(const BootstrapEstimate& side) {
    return {{"ap", side.estimate}, {"low", side.low}, {"high", side.high}};
}

Json difference_json(const BootstrapDifference& difference) {
    return {{"ap", difference.estimate}, {"low", difference.low}, {"high", difference.high}};
}

/// Sides and differences in the order of CandidateVerdict::comparison.
Json row_json(const BootstrapRow& row) {
    return {{"healed", estimate_json(row.ap.sides.at(0))},
            {"unmerged", estimate_json(row.ap.sides.at(1))},
            {"transplanted", estimate_json(row.ap.sides.at(2))},
            {"healed_minus_unmerged", difference_json(row.ap.differences.at(0))},
            {"healed_minus_transplanted", difference_json(row.ap.differences.at(1))}};
}

Json verdict_json(const CandidateVerdict& verdict) {
    Json tasks = Json::object();
    for (const BootstrapRow& row : verdict.comparison.tasks) tasks[row.name] = row_json(row);
    return {{"model", verdict.model},
            {"groups", verdict.plan.groups},
            {"accepted", verdict.accepted},
            {"least_difference_points", verdict.least_difference},
            {"mean", row_json(verdict.comparison.mean)},
            {"tasks", tasks},
            {"runs", verdict.runs}};
}

} // namespace

std::string confirm_json(const ConfirmOptions& options, const ConfirmOutcome& outcome) {
    Json candidates = Json::array();
    for (const CandidateVerdict& verdict : outcome.tried) candidates.push_back(verdict_json(verdict));
    const auto at_out = [&](const char* name) { return options.folder + "/" + name; };
    Json json{{"accepted", nullptr},
              {"max_drop_points", options.max_drop},
              {"bound", "lower end of the interval of mean AP, healed minus unmerged, in points"},
              {"confidence", options.bootstrap.confidence},
              {"resamples", options.bootstrap.resamples},
              {"seeds", options.seeds},
              {"unmerged", at_out("unmerged.banyan.safetensors")},
              {"untried",
               std::vector<std::string>(options.candidates.begin() + static_cast<std::ptrdiff_t>(outcome.tried.size()),
                                        options.candidates.end())},
              {"candidates", candidates}};
    if (outcome.accepted) {
        json["accepted"] = outcome.tried[*outcome.accepted].model;
        json["model"] = at_out("healed.banyan.safetensors");
        json["plan"] = at_out("plan.json");
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace banyan
