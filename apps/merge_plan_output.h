#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "combine/group_estimates.h"
#include "combine/plan_prediction.h"

namespace banyan {

/// One network of a plan over a table.
struct TablePlanGroup {
    std::vector<std::string> tasks, serves;
    double cost = 0;
};

struct TablePlan {
    std::vector<TablePlanGroup> groups;
    double cost = 0;
    double loss = 0;                      ///< by the table, whatever it was chosen by
    std::optional<double> reported_loss;  ///< by the table of --report-on
    std::optional<double> estimated_loss; ///< by which it was chosen, where that is an estimate
};

/// What `banyan merge plan --table` prints.
struct TablePlanResult {
    std::vector<std::string> tasks;
    std::string budget, estimate;
    std::size_t missing_subsets = 0;
    TablePlan chosen;
    std::vector<TablePlan> front;
    double seconds = 0;
    bool optimal = true;
};

std::string table_plan_json(const TablePlanResult& result);
std::string table_plan_text(const TablePlanResult& result);

std::string regrets_json(const std::vector<BudgetRegret>& rows, double seconds);
std::string regrets_text(const std::vector<BudgetRegret>& rows);

/// What `banyan merge plan --affinities` prints.
std::string predicted_plan_json(const PlanPredictions& result, double seconds);
std::string predicted_plan_text(const PlanPredictions& result);

} // namespace banyan
