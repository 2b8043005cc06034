#include "combine/branch_cost.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "combine/affinity_probe.h"
#include "core/check.h"
#include "graph/cost.h"
#include "graph/graph_json.h"
#include "graph/remove_dead.h"
#include "model/multi_task_model.h"
#include "network/build_graph.h"

namespace banyan {

namespace {

using Group = std::vector<std::string>;

constexpr double kLeastMs = 1e-3;
constexpr double kQuartilesOfSigma = 1.3489795; // distance of a normal distribution's quartiles

/// The value below which `share` of the samples lie, between samples by a straight line.
double quantile(std::vector<double> samples, double share) {
    BANYAN_CHECK(!samples.empty(), "latency: no samples");
    std::sort(samples.begin(), samples.end());
    const double place = share * static_cast<double>(samples.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, samples.size() - 1);
    return samples[below] + (place - static_cast<double>(below)) * (samples[above] - samples[below]);
}

ModelOptions network_of(const ModelOptions& whole, const std::vector<Group>& groups, const BranchOfGroup& branch_of) {
    ModelOptions network = whole;
    network.branches.clear();
    for (const Group& group : groups) network.branches.push_back(branch_of(group));
    std::erase_if(network.tasks, [&](const Task& task) {
        return std::none_of(groups.begin(), groups.end(), [&](const Group& group) {
            return std::find(group.begin(), group.end(), task.name) != group.end();
        });
    });
    return network;
}

/// The network with names that say nothing: equal shapes are equal texts.
std::string shape_of(ModelOptions network) {
    std::map<std::string, std::string> names;
    int classes = 0;
    for (Task& task : network.tasks) {
        const std::string name = "t" + std::to_string(names.size());
        names[task.name] = name;
        task.name = name;
        for (std::string& entry : task.classes) entry = "c" + std::to_string(classes++);
    }
    for (std::size_t b = 0; b < network.branches.size(); ++b) {
        network.branches[b].name = "b" + std::to_string(b);
        for (std::string& task : network.branches[b].tasks) task = names.at(task);
    }
    return to_json(build_graph(network));
}

/// Networks to be measured, equal shapes once.
class Shapes {
public:
    Shapes(const ModelOptions& whole, const BranchOfGroup& branch_of) : whole_(whole), branch_of_(branch_of) {}

    /// @return the shape's place
    std::size_t add(const std::vector<Group>& groups) {
        ModelOptions network = network_of(whole_, groups, branch_of_);
        const auto [entry, is_new] = places_.try_emplace(shape_of(network), networks_.size());
        if (is_new) {
            networks_.push_back(std::move(network));
            groups_.push_back(groups);
        }
        return entry->second;
    }
    const std::vector<ModelOptions>& networks() const { return networks_; }
    const std::vector<std::vector<Group>>& groups() const { return groups_; }

private:
    const ModelOptions& whole_;
    const BranchOfGroup& branch_of_;
    std::map<std::string, std::size_t> places_;
    std::vector<ModelOptions> networks_;
    std::vector<std::vector<Group>> groups_;
};

/// Every group of at most so many tasks, smaller ones first.
std::vector<Group> groups_up_to(const std::vector<Task>& tasks, std::size_t most) {
    std::vector<std::pair<Group, std::size_t>> groups{{{}, 0}}; // with the first task that may follow
    for (std::size_t g = 0; g < groups.size(); ++g) {
        if (groups[g].first.size() == most) continue;
        for (std::size_t t = groups[g].second; t < tasks.size(); ++t) {
            Group longer = groups[g].first;
            longer.push_back(tasks[t].name);
            groups.emplace_back(std::move(longer), t + 1);
        }
    }
    std::vector<Group> all;
    for (std::size_t g = 1; g < groups.size(); ++g) all.push_back(std::move(groups[g].first));
    return all;
}

Group all_tasks(const std::vector<Task>& tasks) {
    Group all;
    for (const Task& task : tasks) all.push_back(task.name);
    return all;
}

std::int64_t bytes_of_cost(const Cost& cost) {
    return cost.parameters * static_cast<std::int64_t>(sizeof(float)) + cost.activation_bytes;
}

/// A latency as a sum of measured medians, each with a factor.
class Difference {
public:
    void add(std::size_t shape, double factor) { factors_[shape] += factor; }
    void subtract(const Difference& other) {
        for (const auto& [shape, factor] : other.factors_) factors_[shape] -= factor;
    }
    double value(const std::vector<NetworkCost>& networks) const {
        double sum = 0;
        for (const auto& [shape, factor] : factors_) sum += factor * networks[shape].median_ms;
        return sum;
    }
    double error(const std::vector<NetworkCost>& networks) const {
        double sum = 0;
        for (const auto& [shape, factor] : factors_) sum += std::pow(factor * networks[shape].error_ms, 2);
        return std::sqrt(sum);
    }

private:
    std::map<std::size_t, double> factors_;
};

Graph live_graph(const ModelOptions& network) {
    const Graph graph = build_graph(network);
    return keep_outputs(graph, output_names_of(network, all_tasks(network.tasks)));
}

GroupCost counted_cost(const ModelOptions& whole, const Group& group, const BranchOfGroup& branch_of) {
    const Cost cost = total_cost(live_graph(network_of(whole, {group}, branch_of)), "branches");
    GroupCost counted;
    counted.tasks = group;
    counted.macs = cost.macs;
    counted.bytes = bytes_of_cost(cost);
    return counted;
}

/// Measures all shapes. @return [shape], or nothing when the meter was stopped
std::vector<NetworkCost> run_meter(const Shapes& shapes, const LatencyMeter& meter) {
    const std::vector<LatencySamples> samples = meter(shapes.networks());
    if (samples.empty()) return {};
    BANYAN_CHECK(samples.size() == shapes.networks().size(), "latency: ", samples.size(), " results for ",
                 shapes.networks().size(), " networks");
    std::vector<NetworkCost> networks;
    for (std::size_t s = 0; s < samples.size(); ++s) {
        networks.push_back({shapes.groups()[s], samples[s].median(), samples[s].median_error(), samples[s].p90(),
                            samples[s].ms.size()});
    }
    return networks;
}

GroupCosts trunk_costs(const ModelOptions& whole, const Difference& trunk, const std::vector<NetworkCost>& networks) {
    const Cost cost = total_cost(live_graph(whole), "trunk");
    GroupCosts costs;
    costs.trunk_ms = std::max(kLeastMs, trunk.value(networks));
    costs.trunk_error_ms = trunk.error(networks);
    costs.trunk_macs = cost.macs;
    costs.trunk_bytes = bytes_of_cost(cost);
    return costs;
}

} // namespace

double LatencySamples::median() const { return quantile(ms, 0.5); }
double LatencySamples::p90() const { return quantile(ms, 0.9); }
double LatencySamples::median_error() const {
    const double sigma = (quantile(ms, 0.75) - quantile(ms, 0.25)) / kQuartilesOfSigma;
    return std::sqrt(std::acos(-1.0) / 2 / static_cast<double>(ms.size())) * sigma;
}

std::optional<MeasuredCosts> measure_costs(const ModelOptions& whole, const BranchOfGroup& branch_of,
                                           const LatencyMeter& meter, const CostOptions& options) {
    check_can_be_probed(whole);
    const std::size_t count = whole.tasks.size();
    const bool all_measured = count <= options.most_tasks;
    std::vector<Group> groups = groups_up_to(whole.tasks, all_measured ? count : 2);
    if (!all_measured) groups.push_back(all_tasks(whole.tasks));

    Shapes shapes(whole, branch_of);
    Difference trunk;
    std::vector<Group> singles;
    std::vector<std::size_t> places;
    const double share = 1 / static_cast<double>(count - 1);
    for (const Group& group : groups) {
        places.push_back(shapes.add({group}));
        if (group.size() > 1) continue;
        singles.push_back(group);
        trunk.add(places.back(), share);
    }
    trunk.add(shapes.add(singles), -share);

    MeasuredCosts measured;
    measured.networks = run_meter(shapes, meter);
    if (measured.networks.empty()) return std::nullopt;
    measured.costs = trunk_costs(whole, trunk, measured.networks);
    measured.costs.target = options.target;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        Difference branch;
        branch.add(places[g], 1);
        branch.subtract(trunk);
        GroupCost cost = counted_cost(whole, groups[g], branch_of);
        cost.latency_ms = std::max(kLeastMs, branch.value(measured.networks));
        cost.error_ms = branch.error(measured.networks);
        measured.costs.groups.push_back(std::move(cost));
    }
    return measured;
}

} // namespace banyan
