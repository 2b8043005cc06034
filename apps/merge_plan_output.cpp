#include "apps/merge_plan_output.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "apps/text_table.h"
#include "report/axis_ticks.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kDigits = 6;

std::string short_form(double value) { return format_short(value, kDigits); }

std::string line_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json table_groups_json(const TablePlan& plan) {
    Json groups = Json::array();
    for (const TablePlanGroup& group : plan.groups)
        groups.push_back({{"tasks", group.tasks}, {"serves", group.serves}, {"cost", group.cost}});
    return groups;
}

Json table_front_json(const std::vector<TablePlan>& front) {
    Json plans = Json::array();
    for (const TablePlan& plan : front) {
        plans.push_back({{"groups", table_groups_json(plan)},
                         {"cost", plan.cost},
                         {"loss", plan.loss},
                         {"reported_loss", or_null(plan.reported_loss)}});
        if (plan.estimated_loss) plans.back()["estimated_loss"] = *plan.estimated_loss;
    }
    return plans;
}

/// "a+b | c": the networks by their tasks; with their costs where these differ: "a+b (1) | c (0.5)".
std::string plan_text_of(const TablePlan& plan) {
    const bool same = std::all_of(plan.groups.begin(), plan.groups.end(),
                                  [&](const TablePlanGroup& group) { return group.cost == plan.groups.front().cost; });
    std::string text;
    for (const TablePlanGroup& group : plan.groups) {
        text += (text.empty() ? "" : " | ") + branch_name_of(group.tasks);
        if (!same) text += " (" + short_form(group.cost) + ")";
    }
    return text;
}

std::vector<std::string> table_cells(const TablePlan& plan) {
    std::vector<std::string> cells{short_form(plan.cost)};
    if (plan.estimated_loss) cells.push_back(short_form(*plan.estimated_loss));
    cells.push_back(short_form(plan.loss));
    if (plan.reported_loss) cells.push_back(short_form(*plan.reported_loss));
    cells.push_back(plan_text_of(plan));
    return cells;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string headline(const std::string& budget, double cost, const std::string& unit, double loss, bool optimal) {
    return "plan" + (budget.empty() ? "" : " within " + budget) + ": cost " + short_form(cost) + unit + ", loss " +
           short_form(loss) + (optimal ? "" : " (found by local search: a better one may exist)") + "\n\n";
}

Json choice_json(const EstimatedChoice& choice) {
    return {{"loss", choice.grouping.loss},
            {"regret", choice.regret},
            {"reported_loss", or_null(choice.reported_loss)},
            {"reported_regret", or_null(choice.reported_regret)}};
}

Json predicted_groups_json(const PredictedPlan& plan) {
    Json groups = Json::array();
    for (std::size_t i = 0; i < plan.plan.groups.size(); ++i) {
        const std::vector<std::string>& tasks = plan.plan.groups[i];
        groups.push_back({{"tasks", tasks}, {"serves", tasks}, {"cost", plan.group_costs[i]}});
    }
    return groups;
}

Json predicted_json(const PredictedPlan& plan) {
    return {{"groups", predicted_groups_json(plan)},
            {"cost", plan.cost},
            {"loss", plan.loss},
            {"reported_loss", nullptr},
            {"cost_deviation", plan.cost_deviation},
            {"deviation", plan.deviation},
            {"relative_accuracy", plan.relative_accuracy}};
}

Json predicted_list_json(const std::vector<PredictedPlan>& plans) {
    Json list = Json::array();
    for (const PredictedPlan& plan : plans) list.push_back(predicted_json(plan));
    return list;
}

std::string percent_of(double share) { return format_fixed(100 * share, 2) + "%"; }

std::string predicted_table(const std::vector<PredictedPlan>& plans, const PlanPredictions& result) {
    double weights = 0;
    for (const double weight : result.weights) weights += weight;
    TextTable table;
    table.add({"cost", "accuracy", "+-", "plan"});
    for (const PredictedPlan& plan : plans) {
        table.add({short_form(plan.cost), percent_of(plan.relative_accuracy),
                   percent_of(weights > 0 ? plan.deviation / weights : 0), plan_text(plan.plan)});
    }
    return table.text();
}

} // namespace

std::string table_plan_json(const TablePlanResult& result) {
    Json json{{"groups", table_groups_json(result.chosen)},
              {"cost", result.chosen.cost},
              {"loss", result.chosen.loss},
              {"reported_loss", or_null(result.chosen.reported_loss)},
              {"seconds", result.seconds},
              {"optimal", result.optimal},
              {"front", table_front_json(result.front)},
              {"tasks", result.tasks},
              {"budget", result.budget},
              {"estimate", result.estimate},
              {"missing_subsets", result.missing_subsets}};
    if (result.chosen.estimated_loss) json["estimated_loss"] = *result.chosen.estimated_loss;
    return line_of(json);
}

std::string table_plan_text(const TablePlanResult& result) {
    TextTable networks, front;
    networks.add({"network", "cost", "serves"});
    for (const TablePlanGroup& group : result.chosen.groups)
        networks.add({branch_name_of(group.tasks), short_form(group.cost), joined(group.serves)});
    std::vector<std::string> head{"cost"};
    if (result.chosen.estimated_loss) head.emplace_back("estimate");
    head.emplace_back("loss");
    if (result.chosen.reported_loss) head.emplace_back("reported");
    head.emplace_back("networks");
    front.add(head);
    for (const TablePlan& plan : result.front) front.add(table_cells(plan));
    std::string text =
        headline(result.budget, result.chosen.cost, "", result.chosen.loss, result.optimal) + networks.text();
    if (result.missing_subsets > 0) {
        text += "\n" + std::to_string(result.missing_subsets) +
                " sets of tasks have no network in the table and could not be chosen\n";
    }
    return text + "\nwhat each cost buys:\n" + front.text();
}

std::string regrets_json(const std::vector<BudgetRegret>& rows, double seconds) {
    Json list = Json::array();
    for (const BudgetRegret& row : rows) {
        Json json{{"budget", row.budget},
                  {"optimal", {{"loss", row.optimum.loss}, {"reported_loss", or_null(row.reported_loss)}}}};
        for (const EstimatedChoice& choice : row.choices) json[choice.estimate] = choice_json(choice);
        list.push_back(std::move(json));
    }
    return line_of({{"regret", list}, {"seconds", seconds}});
}

std::string regrets_text(const std::vector<BudgetRegret>& rows) {
    if (rows.empty()) return "no budget that all searches can keep was found\n";
    const bool reports = rows.front().reported_loss.has_value();
    TextTable table;
    std::vector<std::string> head{"budget", "optimum"};
    if (reports) head.emplace_back("reported");
    for (const EstimatedChoice& choice : rows.front().choices) {
        head.insert(head.end(), {choice.estimate, "regret"});
        if (reports) head.insert(head.end(), {"reported", "regret"});
    }
    table.add(head);
    for (const BudgetRegret& row : rows) {
        std::vector<std::string> cells{short_form(row.budget), short_form(row.optimum.loss)};
        if (reports) cells.push_back(short_form(*row.reported_loss));
        for (const EstimatedChoice& choice : row.choices) {
            cells.insert(cells.end(), {short_form(choice.grouping.loss), short_form(choice.regret)});
            if (reports)
                cells.insert(cells.end(), {short_form(*choice.reported_loss), short_form(*choice.reported_regret)});
        }
        table.add(cells);
    }
    return table.text();
}

std::string predicted_plan_json(const PlanPredictions& result, double seconds) {
    Json accuracies = Json::object();
    for (std::size_t t = 0; t < result.tasks.size(); ++t) {
        accuracies[result.tasks[t]] = {{"mean", result.chosen.accuracies[t]},
                                       {"deviation", result.chosen.accuracy_deviations[t]}};
    }
    return line_of({{"groups", predicted_groups_json(result.chosen)},
                    {"cost", result.chosen.cost},
                    {"loss", result.chosen.loss},
                    {"reported_loss", nullptr},
                    {"seconds", seconds},
                    {"optimal", result.optimal},
                    {"front", predicted_list_json(result.front)},
                    {"tasks", result.tasks},
                    {"budget", result.budget},
                    {"unit", result.unit},
                    {"trunk", result.trunk},
                    {"cost_deviation", result.chosen.cost_deviation},
                    {"deviation", result.chosen.deviation},
                    {"relative_accuracy", result.chosen.relative_accuracy},
                    {"accuracies", accuracies},
                    {"ranking", predicted_list_json(result.ranking)}});
}

std::string predicted_plan_text(const PlanPredictions& result) {
    TextTable tasks;
    tasks.add({"task", "accuracy", "+-", "branch"});
    for (std::size_t t = 0; t < result.tasks.size(); ++t) {
        std::string branch;
        for (const std::vector<std::string>& group : result.chosen.plan.groups) {
            for (const std::string& name : group) branch = name == result.tasks[t] ? branch_name_of(group) : branch;
        }
        tasks.add({result.tasks[t], percent_of(result.chosen.accuracies[t]),
                   percent_of(result.chosen.accuracy_deviations[t]), branch});
    }
    const std::string unit = result.unit == "ms" ? " ms" : " branches";
    return headline(result.budget, result.chosen.cost, unit, result.chosen.loss, result.optimal) +
           "predicted accuracy, relative to a branch of its own:\n" + tasks.text() + "\nwhat each cost buys:\n" +
           predicted_table(result.front, result) + "\nbest plans within the budget:\n" +
           predicted_table(result.ranking, result);
}

} // namespace banyan
