#include "combine/group_estimates.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "core/error.h"

namespace banyan {

namespace {

/// Networks of single tasks and pairs, by their tasks.
class SmallNetworks {
public:
    explicit SmallNetworks(const SubsetTable& table) : table_(table) {
        for (const GroupCandidate& network : table.networks) {
            if (std::popcount(network.tasks) <= 2) networks_.emplace(network.tasks, &network);
            largest_cost_ = std::max(largest_cost_, network.cost);
        }
    }

    /// Loss of a task of the set in its network, of those of several costs in the nearest.
    double loss(TaskSet tasks, std::size_t task, double cost) const {
        const auto [begin, end] = networks_.equal_range(tasks);
        if (begin == end) {
            std::string names;
            for (const std::string& name : table_.names_of(tasks)) names += (names.empty() ? "" : " and ") + name;
            throw DataError(ErrorText{table_.file, "the estimate needs a network that is missing", "one of " + names,
                                      "", "use --estimate exact"});
        }
        const auto nearer = [&](const auto& a, const auto& b) {
            return std::abs(a.second->cost - cost) < std::abs(b.second->cost - cost);
        };
        return std::min_element(begin, end, nearer)->second->losses[task];
    }

    /// Loss of the dearest network of the task alone, by which all its losses are compared.
    double loss_alone(std::size_t task) const {
        const double alone = loss(TaskSet{1} << task, task, largest_cost_);
        if (alone > 0) return alone;
        throw DataError(ErrorText{table_.file, "TAG's affinities need losses above 0",
                                  "of " + table_.tasks[task] + " alone", std::to_string(alone),
                                  "use --estimate pairs"});
    }

private:
    const SubsetTable& table_;
    std::multimap<TaskSet, const GroupCandidate*> networks_;
    double largest_cost_ = 0;
};

std::vector<std::size_t> members(TaskSet tasks) {
    std::vector<std::size_t> list;
    for (; tasks != 0; tasks &= tasks - 1) list.push_back(static_cast<std::size_t>(std::countr_zero(tasks)));
    return list;
}

double mean_over_partners(const SmallNetworks& small, const GroupCandidate& network, std::size_t task) {
    double sum = 0;
    for (const std::size_t other : members(network.tasks)) {
        if (other != task) sum += small.loss(TaskSet{1} << task | TaskSet{1} << other, task, network.cost);
    }
    return sum / (std::popcount(network.tasks) - 1);
}

/// 1 - the mean over the others of 1 - loss with it / loss alone.
double relative_loss(const SmallNetworks& small, const GroupCandidate& network, std::size_t task) {
    const bool is_measured = std::popcount(network.tasks) <= 2;
    return (is_measured ? network.losses[task] : mean_over_partners(small, network, task)) / small.loss_alone(task);
}

using Choices = std::vector<std::pair<std::string, SearchResult>>;

/// Costs of all fronts, from the first on that every search can keep: local searches may miss the cheapest plan.
std::set<double> budgets_of(const SearchResult& truth, const Choices& estimates) {
    std::vector<const SearchResult*> results{&truth};
    for (const auto& [name, result] : estimates) results.push_back(&result);
    std::set<double> budgets;
    double lowest = 0;
    for (const SearchResult* result : results) {
        if (result->front.empty()) return {};
        lowest = std::max(lowest, result->front.front().cost);
        for (const Grouping& grouping : result->front) budgets.insert(grouping.cost);
    }
    budgets.erase(budgets.begin(), budgets.lower_bound(lowest));
    return budgets;
}

/// The last grouping of a front that keeps the budget. Precondition: there is one
const Grouping& best_within(const SearchResult& result, double budget) {
    const auto above = std::upper_bound(result.front.begin(), result.front.end(), budget,
                                        [](double limit, const Grouping& grouping) { return limit < grouping.cost; });
    return *std::prev(above);
}

EstimatedChoice true_choice(const SubsetTable& table, const Grouping& estimated, const SearchOptions& options) {
    std::vector<std::size_t> chosen;
    for (const ChosenGroup& group : estimated.groups) chosen.push_back(group.candidate);
    EstimatedChoice choice;
    choice.grouping = grouping_of(table.networks, chosen, options);
    return choice;
}

} // namespace

std::vector<GroupCandidate> estimated_networks(const SubsetTable& table, GroupEstimate estimate) {
    std::vector<GroupCandidate> networks = table.networks;
    if (estimate == GroupEstimate::exact) return networks;
    const SmallNetworks small(table);
    for (std::size_t i = 0; i < networks.size(); ++i) {
        const GroupCandidate& network = table.networks[i];
        networks[i].variances.clear();
        for (const std::size_t t : members(network.tasks)) {
            if (estimate == GroupEstimate::tag)
                networks[i].losses[t] = relative_loss(small, network, t);
            else if (std::popcount(network.tasks) > 2)
                networks[i].losses[t] = mean_over_partners(small, network, t);
        }
    }
    return networks;
}

std::vector<BudgetRegret> budget_regrets(const SubsetTable& table, const ReportedLosses* reported,
                                         const SearchOptions& options) {
    const std::size_t tasks = table.tasks.size();
    const SearchResult truth = search_groupings(tasks, table.networks, options);
    Choices estimates;
    for (const auto& [name, estimate] : {std::pair{"pairs", GroupEstimate::pairs}, {"tag", GroupEstimate::tag}})
        estimates.emplace_back(name, search_groupings(tasks, estimated_networks(table, estimate), options));
    std::vector<BudgetRegret> rows;
    for (const double budget : budgets_of(truth, estimates)) {
        BudgetRegret& row = rows.emplace_back();
        row.budget = budget;
        row.optimum = best_within(truth, budget);
        if (reported != nullptr) row.reported_loss = reported_loss(row.optimum, table, *reported, options.weights);
        for (const auto& [name, result] : estimates) {
            EstimatedChoice& choice =
                row.choices.emplace_back(true_choice(table, best_within(result, budget), options));
            choice.estimate = name;
            choice.regret = choice.grouping.loss - row.optimum.loss;
            if (reported == nullptr) continue;
            choice.reported_loss = reported_loss(choice.grouping, table, *reported, options.weights);
            choice.reported_regret = *choice.reported_loss - *row.reported_loss;
        }
    }
    return rows;
}

} // namespace banyan
