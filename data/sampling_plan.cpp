#include "data/sampling_plan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/error.h"

namespace banyan {

namespace {

bool tells_of(const Labels& labels, int class_id) {
    switch (labels.states.at(static_cast<std::size_t>(class_id))) {
    case LabelState::exhaustive:
    case LabelState::absent: return true;
    case LabelState::partial:
        return std::any_of(labels.boxes.begin(), labels.boxes.end(),
                           [class_id](const LabelledBox& box) { return box.class_id == class_id; });
    case LabelState::unknown: break;
    }
    return false;
}

std::set<int> boxed_classes(const Record& record) {
    std::set<int> classes;
    for (const LabelledBox& box : record.labels.boxes) classes.insert(box.class_id);
    return classes;
}

double ratio_of(const Dataset& dataset, double temperature) {
    if (temperature == 0) return dataset.ratio();
    return dataset.ratio() * std::pow(static_cast<double>(dataset.size()), 1 / temperature);
}

BatchPlan::Set plan_set(const Dataset& dataset, const SamplingOptions& options) {
    if (dataset.size() == 0) {
        throw DataError(ErrorText{dataset.name(), "the data set has no picture", "", "", "check its split and limit"});
    }
    BatchPlan::Set set{static_cast<std::int64_t>(dataset.size()), ratio_of(dataset, options.temperature)};
    for (const Record& record : dataset.records()) set.groups.push_back(branches_of(record, options.branches));
    if (options.repeat_factor == 0) return set;
    for (const double factor : repeat_factors(dataset, options.repeat_factor)) {
        set.repeats.push_back(std::llround(factor * static_cast<double>(RecordCycle::kOnce)));
    }
    return set;
}

void check_branches_are_labelled(const std::vector<BatchPlan::Set>& sets, const SamplingOptions& options) {
    std::uint64_t found = 0;
    for (const BatchPlan::Set& set : sets) {
        for (const std::uint64_t groups : set.groups) found |= groups;
    }
    for (std::size_t b = 0; b < options.branches.size(); ++b) {
        if ((found >> b & 1) != 0) continue;
        throw ConfigError(ErrorText{options.where,
                                    "no data set labels a class of branch \"" + options.branches[b].name +
                                        "\", so no batch can hold rows of it",
                                    "", "", "add a data set or set branch_minimum to 0"});
    }
}

} // namespace

std::uint64_t branches_of(const Record& record, const std::vector<SampledBranch>& branches) {
    std::uint64_t groups = 0;
    for (std::size_t b = 0; b < branches.size(); ++b) {
        const std::vector<int>& classes = branches[b].classes;
        const bool any =
            std::any_of(classes.begin(), classes.end(), [&](int id) { return tells_of(record.labels, id); });
        groups |= std::uint64_t{any} << b;
    }
    return groups;
}

std::vector<double> repeat_factors(const Dataset& dataset, double threshold) {
    std::map<int, double> pictures; // with a box, by class
    for (const Record& record : dataset.records()) {
        for (const int id : boxed_classes(record)) ++pictures[id];
    }
    std::vector<double> factors;
    for (const Record& record : dataset.records()) {
        double factor = 1;
        for (const int id : boxed_classes(record)) {
            const double frequency = pictures[id] / static_cast<double>(dataset.size());
            factor = std::max(factor, std::sqrt(threshold / frequency));
        }
        factors.push_back(factor);
    }
    return factors;
}

BatchPlan make_batch_plan(const std::vector<Dataset>& datasets, const SamplingPlanOptions& options,
                          std::int64_t first_batch) {
    if (datasets.empty()) throw DataError(ErrorText{"training data", "there is no data set", "", "", "list one"});
    const SamplingOptions& sampling = options.sampling;
    if (sampling.branches.size() > RowDealer::kMaxGroups) {
        throw ConfigError(ErrorText{sampling.where, "too many branches to count rows of",
                                    "at most " + std::to_string(RowDealer::kMaxGroups),
                                    std::to_string(sampling.branches.size()), ""});
    }
    std::vector<BatchPlan::Set> sets;
    for (const Dataset& dataset : datasets) sets.push_back(plan_set(dataset, sampling));
    if (sampling.branch_minimum > 0) check_branches_are_labelled(sets, sampling);
    try {
        return BatchPlan(sets, options.batch_size, options.seed, first_batch, sampling.branch_minimum);
    } catch (const ConfigError& error) {
        throw ConfigError(ErrorText{sampling.where + "/branch_minimum", error.what(), "", "", ""});
    }
}

} // namespace banyan
