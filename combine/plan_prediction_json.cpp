#include <limits>

#include <nlohmann/json.hpp>

#include "combine/plan_prediction.h"
#include "core/config_reader.h"
#include "core/error.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kMost = std::numeric_limits<double>::max();

Json plan_json_of(const PredictedPlan& plan, const std::vector<std::string>& tasks) {
    Json groups = Json::array(), accuracies = Json::object();
    for (std::size_t i = 0; i < plan.plan.groups.size(); ++i)
        groups.push_back({{"tasks", plan.plan.groups[i]}, {"cost", plan.group_costs[i]}});
    for (std::size_t t = 0; t < tasks.size(); ++t)
        accuracies[tasks[t]] = {{"mean", plan.accuracies[t]}, {"deviation", plan.accuracy_deviations[t]}};
    return {{"groups", groups},        {"cost", plan.cost},           {"cost_deviation", plan.cost_deviation},
            {"loss", plan.loss},       {"deviation", plan.deviation}, {"relative_accuracy", plan.relative_accuracy},
            {"accuracies", accuracies}};
}

Json plans_json_of(const std::vector<PredictedPlan>& plans, const std::vector<std::string>& tasks) {
    Json list = Json::array();
    for (const PredictedPlan& plan : plans) list.push_back(plan_json_of(plan, tasks));
    return list;
}

PredictedPlan plan_from(ConfigReader reader, const std::vector<std::string>& tasks) {
    PredictedPlan plan;
    for (ConfigReader& group : reader.objects("groups")) {
        plan.plan.groups.push_back(group.texts("tasks"));
        plan.group_costs.push_back(group.real("cost", 0, kMost));
        group.finish();
    }
    plan.cost = reader.real("cost", 0, kMost);
    plan.cost_deviation = reader.real("cost_deviation", 0, kMost);
    plan.loss = reader.real("loss", -kMost, kMost);
    plan.deviation = reader.real("deviation", 0, kMost);
    plan.relative_accuracy = reader.real("relative_accuracy", -kMost, kMost);
    ConfigReader accuracies = reader.object("accuracies");
    for (const std::string& task : tasks) {
        ConfigReader accuracy = accuracies.object(task);
        plan.accuracies.push_back(accuracy.real("mean", -kMost, kMost));
        plan.accuracy_deviations.push_back(accuracy.real("deviation", 0, kMost));
        accuracy.finish();
    }
    accuracies.finish();
    reader.finish();
    return plan;
}

std::vector<PredictedPlan> plans_from(ConfigReader& reader, const std::string& key,
                                      const std::vector<std::string>& tasks) {
    std::vector<PredictedPlan> plans;
    for (const ConfigReader& plan : reader.objects(key)) plans.push_back(plan_from(plan, tasks));
    return plans;
}

PlanPredictions predictions_from(ConfigReader reader) {
    PlanPredictions predictions;
    reader.integer("schema_version", 1, 1);
    predictions.tasks = reader.texts("tasks");
    predictions.weights = reader.reals("weights", 0, kMost);
    predictions.unit = reader.text("unit");
    predictions.trunk = reader.real("trunk", 0, kMost);
    predictions.budget = reader.text("budget");
    predictions.optimal = reader.boolean("optimal");
    predictions.chosen = plan_from(reader.object("chosen"), predictions.tasks);
    predictions.front = plans_from(reader, "front", predictions.tasks);
    predictions.ranking = plans_from(reader, "ranking", predictions.tasks);
    reader.finish();
    return predictions;
}

} // namespace

std::string plan_predictions_json(const PlanPredictions& predictions) {
    const std::vector<std::string>& tasks = predictions.tasks;
    return Json{{"schema_version", 1},
                {"tasks", tasks},
                {"weights", predictions.weights},
                {"unit", predictions.unit},
                {"trunk", predictions.trunk},
                {"budget", predictions.budget},
                {"optimal", predictions.optimal},
                {"chosen", plan_json_of(predictions.chosen, tasks)},
                {"front", plans_json_of(predictions.front, tasks)},
                {"ranking", plans_json_of(predictions.ranking, tasks)}}
               .dump(2) +
           "\n";
}

PlanPredictions load_plan_predictions(const std::string& path) {
    try {
        return predictions_from(ConfigReader::from_file(path));
    } catch (const ConfigError& error) {
        throw DataError(error.what()); // a result, not a config of the user's
    }
}

} // namespace banyan
