#include "combine/group_cost_model.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace banyan {

namespace {

using Matrix = std::vector<std::vector<double>>;

/// Solves a x = b for a symmetric positive definite matrix, by Cholesky's factors in place.
std::vector<double> solved(Matrix a, std::vector<double> b) {
    const std::size_t n = b.size();
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            double sum = a[i][j];
            for (std::size_t k = 0; k < j; ++k) sum -= a[i][k] * a[j][k];
            a[i][j] = i == j ? std::sqrt(sum) : sum / a[j][j];
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < i; ++k) b[i] -= a[i][k] * b[k];
        b[i] /= a[i][i];
    }
    for (std::size_t i = n; i-- > 0;) {
        for (std::size_t k = i + 1; k < n; ++k) b[i] -= a[k][i] * b[k];
        b[i] /= a[i][i];
    }
    return b;
}

TaskSet set_of(const GroupCost& group, const std::vector<std::string>& tasks, const std::string& file) {
    TaskSet set = 0;
    for (const std::string& name : group.tasks) {
        const auto found = std::find(tasks.begin(), tasks.end(), name);
        if (found == tasks.end()) {
            throw DataError(ErrorText{file, "the cost of a task that the affinities do not know", "the same tasks",
                                      "\"" + name + "\"", "measure both on the same run"});
        }
        set |= TaskSet{1} << static_cast<std::size_t>(found - tasks.begin());
    }
    return set;
}

} // namespace

GroupCostModel::GroupCostModel(const std::vector<std::string>& tasks, const GroupCosts& costs,
                               const std::string& file) {
    constexpr double kRidge = 1e-6; // branches; far below one measurement
    const std::size_t unknowns = tasks.size() + 1;
    Matrix normal(unknowns, std::vector<double>(unknowns, 0));
    std::vector<double> right(unknowns, 0);
    for (std::size_t i = 0; i < unknowns; ++i) normal[i][i] = kRidge;
    TaskSet known = 0;
    for (const GroupCost& group : costs.groups) {
        const TaskSet set = set_of(group, tasks, file), row = set | TaskSet{1} << tasks.size();
        measured_.push_back({set, group.latency_ms, group.error_ms});
        if (group.tasks.size() == 1) known |= set;
        for (std::size_t i = 0; i < unknowns; ++i) {
            if ((row >> i & 1U) == 0) continue;
            right[i] += group.latency_ms;
            for (std::size_t j = 0; j < unknowns; ++j) normal[i][j] += row >> j & 1U;
        }
    }
    for (std::size_t t = 0; t < tasks.size(); ++t) {
        if ((known >> t & 1U) != 0) continue;
        throw DataError(ErrorText{file, "a task whose own branch was not measured", "one for each task",
                                  "none for \"" + tasks[t] + "\"", "measure the costs anew"});
    }
    parts_ = solved(std::move(normal), std::move(right));
    double squares = 0;
    for (const MeasuredBranch& branch : measured_)
        squares += std::pow(branch.latency_ms - modelled_ms(branch.tasks), 2);
    model_error_ms_ = std::sqrt(squares / static_cast<double>(measured_.size()));
}

bool GroupCostModel::is_measured(TaskSet tasks) const {
    return std::any_of(measured_.begin(), measured_.end(),
                       [&](const MeasuredBranch& branch) { return branch.tasks == tasks; });
}

double GroupCostModel::modelled_ms(TaskSet tasks) const {
    double sum = parts_.back();
    for (std::size_t t = 0; t + 1 < parts_.size(); ++t) {
        if ((tasks >> t & 1U) != 0) sum += parts_[t];
    }
    return sum;
}

double GroupCostModel::latency_ms(TaskSet tasks) const {
    double least = 0;
    for (const MeasuredBranch& branch : measured_) {
        if (branch.tasks == tasks) return branch.latency_ms;
        if ((branch.tasks & ~tasks) == 0) least = std::max(least, branch.latency_ms);
    }
    return std::max(modelled_ms(tasks), least);
}

double GroupCostModel::error_ms(TaskSet tasks) const {
    for (const MeasuredBranch& branch : measured_) {
        if (branch.tasks == tasks) return branch.error_ms;
    }
    return model_error_ms_;
}

} // namespace banyan
