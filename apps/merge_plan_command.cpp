#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>

#include "apps/merge_plan_output.h"
#include "apps/option_values.h"
#include "apps/run_commands.h"
#include "combine/limited_search.h"
#include "combine/subset_table.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/nearest_word.h"

namespace banyan {

namespace {

using Clock = std::chrono::steady_clock;
using Texts = std::vector<std::string>;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double number_of(const std::string& text, const std::string& option) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size() && std::isfinite(value) && value >= 0) return value;
    throw UsageError(
        ErrorText{option, "not a number of a task", "TASK=NUMBER with a number >= 0", "\"" + text + "\"", ""});
}

/// "person=2,face=0.5": one number a task, the fallback for those that are not named; none without the option.
std::vector<double> task_numbers(const Options& options, const std::string& name, const Texts& tasks, double fallback) {
    if (options.count(name) == 0) return {};
    const std::string option = "--" + name;
    std::vector<double> numbers(tasks.size(), fallback);
    std::set<std::string> known;
    for (const std::string& entry : split_names(text_option(options, name), option)) {
        const std::size_t equals = entry.rfind('=');
        const std::string task = entry.substr(0, equals);
        const auto found = std::find(tasks.begin(), tasks.end(), task);
        if (equals == std::string::npos || found == tasks.end() || !known.insert(task).second) {
            throw UsageError(ErrorText{option, "not a number for each of some tasks", "TASK=NUMBER with commas between",
                                       "\"" + entry + "\"", found == tasks.end() ? did_you_mean(task, tasks) : ""});
        }
        numbers[static_cast<std::size_t>(found - tasks.begin())] = number_of(entry.substr(equals + 1), option);
    }
    return numbers;
}

MergeBudget budget_option(const Options& options) {
    if (options.count("budget") == 0) return {};
    return merge_budget_from_text(text_option(options, "budget"), "--budget");
}

GroupEstimate estimate_option(const Options& options) {
    static const std::map<std::string, GroupEstimate> names{
        {"exact", GroupEstimate::exact}, {"pairs", GroupEstimate::pairs}, {"tag", GroupEstimate::tag}};
    const std::string name = text_option(options, "estimate");
    const auto found = names.find(name);
    if (found != names.end()) return found->second;
    throw UsageError(ErrorText{"--estimate", "unknown estimate", "exact, pairs or tag", "\"" + name + "\"",
                               did_you_mean(name, {"exact", "pairs", "tag"})});
}

/// @throws UsageError one of the options is given beside `with`
void check_absent(const Options& options, const Texts& names, const std::string& with) {
    for (const std::string& name : names) {
        if (options.count(name) == 0 || options[name].defaulted()) continue;
        throw UsageError(ErrorText{"--" + name, "does not go with " + with, "", "", "see banyan merge plan --help"});
    }
}

/// `--table`: networks that were trained, and what is known of them.
class TablePlanning {
public:
    explicit TablePlanning(const Options& options)
        : table_(load_subset_table(text_option(options, "table"), names_option(options))),
          budget_(budget_option(options)), estimate_(estimate_option(options)),
          estimate_name_(text_option(options, "estimate")) {
        if (budget_.latency_ms) {
            throw UsageError(ErrorText{"--budget", "a latency, but a table knows costs only",
                                       "e.g. \"3\" or \"3,branches=2\"", merge_budget_text(budget_), ""});
        }
        search_.weights = task_numbers(options, "weights", table_.tasks, 1);
        search_.covers = options.count("partition") == 0;
        if (budget_.cost) search_.max_cost = *budget_.cost;
        if (budget_.branches) search_.max_groups = static_cast<std::size_t>(*budget_.branches);
        if (options.count("report-on") == 0) return;
        reported_ = losses_in(table_, load_subset_table(text_option(options, "report-on"), names_option(options)));
    }

    TablePlanResult plan() const {
        const Clock::time_point start = Clock::now();
        const LimitedSearch found = search();
        TablePlanResult result{
            table_.tasks, merge_budget_text(budget_), estimate_name_, missing_subsets(table_), {}, {}};
        result.chosen = described(found.limited.result.best());
        for (const Grouping& grouping : found.whole.result.front) result.front.push_back(described(grouping));
        result.seconds = seconds_since(start);
        result.optimal = found.limited.result.optimal;
        return result;
    }

    std::vector<BudgetRegret> regrets() const {
        search(); // tells of a budget that no plan keeps
        return budget_regrets(table_, reported_ ? &*reported_ : nullptr, search_);
    }

private:
    static Texts names_option(const Options& options) {
        return options.count("tasks") == 0 ? Texts{} : split_names(text_option(options, "tasks"), "--tasks");
    }

    LimitedSearch search() const {
        const std::vector<GroupCandidate> networks = estimated_networks(table_, estimate_);
        const auto searcher = [&](const SearchOptions& limits) {
            return GroupSearch{search_groupings(table_.tasks.size(), networks, limits), networks};
        };
        return search_within(searcher, search_, {table_.tasks, "", 0}, budget_);
    }

    /// With its true losses, which an estimate has not seen.
    TablePlan described(const Grouping& found) const {
        std::vector<std::size_t> chosen;
        for (const ChosenGroup& group : found.groups) chosen.push_back(group.candidate);
        const Grouping grouping = grouping_of(table_.networks, chosen, search_);
        TablePlan plan{{}, grouping.cost, grouping.loss, {}, {}};
        for (const ChosenGroup& group : grouping.groups) {
            const GroupCandidate& network = table_.networks[group.candidate];
            plan.groups.push_back({table_.names_of(network.tasks), table_.names_of(group.serves), network.cost});
        }
        if (reported_) plan.reported_loss = reported_loss(grouping, table_, *reported_, search_.weights);
        if (estimate_ != GroupEstimate::exact) plan.estimated_loss = found.loss;
        return plan;
    }

    SubsetTable table_;
    MergeBudget budget_;
    GroupEstimate estimate_;
    std::string estimate_name_;
    SearchOptions search_;
    std::optional<ReportedLosses> reported_;
};

ExitCode plan_from_table(const Options& options) {
    check_absent(options, {"affinities", "costs", "accuracies", "out"}, "--table");
    const TablePlanning planning(options);
    const bool as_json = options.count("json") != 0;
    if (options.count("regret") == 0) {
        const TablePlanResult result = planning.plan();
        std::cout << (as_json ? table_plan_json(result) : table_plan_text(result));
        return ExitCode::ok;
    }
    check_absent(options, {"estimate"}, "--regret, which compares all");
    const Clock::time_point start = Clock::now();
    const std::vector<BudgetRegret> rows = planning.regrets();
    std::cout << (as_json ? regrets_json(rows, seconds_since(start)) : regrets_text(rows));
    return ExitCode::ok;
}

/// The file of the option or, of a merge folder, that one in it; "" where neither is.
std::string measured_file(const Options& options, const std::string& name) {
    if (options.count(name) != 0) return text_option(options, name);
    const std::string folder = text_option(options, "out"), file = folder + "/" + name + ".json";
    return !folder.empty() && options.count("affinities") == 0 && std::filesystem::exists(file) ? file : "";
}

ExitCode plan_from_affinities(const Options& options, const std::string& file) {
    check_absent(options, {"report-on", "tasks", "partition", "estimate", "regret"}, "measured affinities");
    const TaskAffinities affinities = load_affinities(file);
    PlanOptions plan;
    plan.weights = task_numbers(options, "weights", affinities.tasks, 1);
    plan.prediction.accuracies = task_numbers(options, "accuracies", affinities.tasks, 1);
    for (const double accuracy : plan.prediction.accuracies) {
        if (accuracy > 0 && accuracy <= 1) continue;
        throw UsageError(ErrorText{"--accuracies", "out of range", "numbers above 0, at most 1",
                                   text_option(options, "accuracies"), ""});
    }
    plan.costs_file = measured_file(options, "costs");
    std::optional<GroupCosts> costs;
    if (!plan.costs_file.empty()) costs = load_group_costs(plan.costs_file);
    const Clock::time_point start = Clock::now();
    const PlanPredictions result = predict_plans(affinities, costs ? &*costs : nullptr, budget_option(options), plan);
    const double seconds = seconds_since(start);
    if (options.count("out") != 0) {
        const std::string folder = text_option(options, "out");
        write_file_atomically(folder + "/plans.json", plan_predictions_json(result));
        write_file_atomically(folder + "/plan.json", plan_json(result.chosen.plan));
    }
    std::cout << (options.count("json") != 0 ? predicted_plan_json(result, seconds) : predicted_plan_text(result));
    return ExitCode::ok;
}

} // namespace

ExitCode run_merge_plan(const Options& options) {
    if (options.count("table") != 0) return plan_from_table(options);
    const std::string affinities = measured_file(options, "affinities");
    if (!affinities.empty()) return plan_from_affinities(options, affinities);
    throw UsageError(
        "banyan merge plan: give --table, --affinities, or --out with a folder that holds affinities.json");
}

} // namespace banyan
