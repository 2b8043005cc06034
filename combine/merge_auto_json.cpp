#include <nlohmann/json.hpp>

#include "combine/merge_auto.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json interval_json(const BootstrapEstimate& side) { return {side.low, side.high}; }

/// AP of one row as it was, transplanted and healed. @param row of the verdict's comparison
Json healed_row_json(const BootstrapRow& row) {
    const std::vector<BootstrapEstimate>& sides = row.ap.sides; // healed, unmerged, transplanted
    const BootstrapDifference& difference = row.ap.differences.at(0);
    return {{"before", sides.at(1).estimate},
            {"transplanted", sides.at(2).estimate},
            {"healed", sides.at(0).estimate},
            {"difference", {difference.estimate, difference.low, difference.high}},
            {"intervals",
             {{"before", interval_json(sides[1])},
              {"transplanted", interval_json(sides[2])},
              {"healed", interval_json(sides[0])}}}};
}

/// The same of a candidate that was not healed, or without one of the network that stays as it is.
Json unhealed_row_json(const BootstrapRow& row, std::optional<std::size_t> candidate) {
    const BootstrapEstimate& before = row.ap.sides.front();
    Json json{{"before", before.estimate}};
    if (!candidate) {
        json["transplanted"] = json["healed"] = before.estimate;
        json["difference"] = {0, 0, 0};
        json["intervals"] = {{"before", interval_json(before)}};
        return json;
    }
    const BootstrapEstimate& after = row.ap.sides.at(*candidate + 1);
    json["transplanted"] = after.estimate;
    json["healed"] = json["difference"] = nullptr;
    json["intervals"] = {{"before", interval_json(before)}, {"transplanted", interval_json(after)}};
    return json;
}

/// "tasks" and "mean" of a candidate, or of the network that stays as it is.
Json accuracies_json(const MergeAutoOutcome& outcome, std::optional<std::size_t> candidate) {
    const CandidateVerdict* verdict =
        candidate && outcome.candidates[*candidate].verdict ? &*outcome.candidates[*candidate].verdict : nullptr;
    const auto row_json = [&](const BootstrapRow& row) {
        return verdict != nullptr ? healed_row_json(row) : unhealed_row_json(row, candidate);
    };
    const BootstrapResult& result = verdict != nullptr ? verdict->comparison : outcome.transplanted;
    Json tasks = Json::object();
    for (const BootstrapRow& row : result.tasks) tasks[row.name] = row_json(row);
    return {{"tasks", tasks}, {"mean", row_json(result.mean)}};
}

Json prediction_json(const PredictedPlan& plan) {
    return {{"cost", plan.cost},
            {"cost_deviation", plan.cost_deviation},
            {"relative_accuracy", plan.relative_accuracy},
            {"loss", plan.loss},
            {"deviation", plan.deviation}};
}

Json front_json(const MergeAutoOutcome& outcome) {
    Json front = Json::array();
    for (const PredictedPlan& plan : outcome.plans.front) {
        Json json{{"groups", plan.plan.groups}};
        json.update(prediction_json(plan));
        front.push_back(std::move(json));
    }
    return front;
}

Json tried_json(const MergeAutoOutcome& outcome) {
    Json tried = Json::array();
    for (std::size_t i = 0; i < outcome.candidates.size(); ++i) {
        const MergeCandidate& candidate = outcome.candidates[i];
        Json json{{"groups", candidate.predicted.plan.groups},
                  {"model", candidate.model},
                  {"accepted", nullptr},
                  {"least_difference_points", nullptr},
                  {"predicted", prediction_json(candidate.predicted)},
                  {"latency_ms", candidate.latency.median_ms},
                  {"latency_error_ms", candidate.latency.error_ms}};
        if (candidate.verdict) {
            json["accepted"] = candidate.verdict->accepted;
            json["least_difference_points"] = candidate.verdict->least_difference;
            json["runs"] = candidate.verdict->runs;
        }
        json.update(accuracies_json(outcome, i));
        tried.push_back(std::move(json));
    }
    return tried;
}

Json latency_of_result_json(const MergeAutoOutcome& outcome) {
    Json json{{"before", nullptr}, {"after", nullptr}};
    if (outcome.unmerged_latency) {
        json["before"] = outcome.unmerged_latency->median_ms;
        json["before_error"] = outcome.unmerged_latency->error_ms;
    }
    if (outcome.has_result()) {
        json["after"] = outcome.latency().median_ms;
        json["after_error"] = outcome.latency().error_ms;
    }
    return json;
}

Json too_slow_json(const MergeAutoOutcome& outcome) {
    Json plans = Json::array();
    for (const PlanLatency& plan : outcome.too_slow) {
        plans.push_back({{"groups", plan.plan.groups}, {"latency_ms", plan.median_ms}, {"error_ms", plan.error_ms}});
    }
    return plans;
}

Json files_json(const MergeAutoOptions& options, const MergeAutoOutcome& outcome) {
    const auto at_out = [&](const char* name) { return options.folder + "/" + name; };
    Json files{{"unmerged", at_out("unmerged.banyan.safetensors")},
               {"merged", nullptr},
               {"plan", nullptr},
               {"report", at_out("merge-report.html")},
               {"result", at_out("result.json")}};
    if (outcome.has_result()) {
        files["merged"] = at_out("merged.banyan.safetensors");
        files["plan"] = at_out("plan.json");
    }
    return files;
}

} // namespace

std::string merge_result_json(const MergeAutoOptions& options, const MergeAutoOutcome& outcome) {
    Json json{{"plan", nullptr}, {"accepted", outcome.has_result()}, {"tasks", Json::object()}, {"mean", nullptr}};
    if (outcome.has_result()) {
        json["plan"] = outcome.plan().groups;
        json.update(accuracies_json(outcome, outcome.accepted));
    }
    const PredictionAgreement agreement = prediction_agreement(outcome);
    json["latency_ms"] = latency_of_result_json(outcome);
    json["parameters"] = {{"before", outcome.parameters_before}, {"after", nullptr}};
    if (outcome.has_result()) json["parameters"]["after"] = outcome.parameters_after;
    json["front"] = front_json(outcome);
    json["tried"] = tried_json(outcome);
    json["too_slow"] = too_slow_json(outcome);
    json["rank_correlation"] = {{"transplanted", or_null(agreement.transplanted)},
                                {"healed", or_null(agreement.healed)}};
    json["budget"] = merge_budget_text(options.budget);
    json["max_drop_points"] = options.max_drop;
    json["seeds"] = options.seeds;
    json["problem"] = outcome.problem.empty() ? Json() : Json(outcome.problem);
    json["files"] = files_json(options, outcome);
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace banyan
