#include "combine/group_prediction.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/check.h"

namespace banyan {

namespace {

/// A number with the variance of its error.
struct Uncertain {
    double value = 0, variance = 0;
};

/// What is known of each pair in the matrices.
class PairMeasures {
public:
    PairMeasures(const TaskAffinities& affinities, const PredictionOptions& options)
        : affinities_(affinities), options_(options) {}

    /// What is lost of the AP of `onto`, relative to it, in their merged branch; false: was not measured.
    bool has_transplant(std::size_t from, std::size_t onto) const {
        return std::isfinite(at(kTransplantDrop, from, onto).mean);
    }

    Uncertain transplant(std::size_t from, std::size_t onto) const {
        const Uncertain drop = scaled(at(kTransplantDrop, from, onto), options_.transplant / accuracy(onto));
        return {drop.value, drop.variance + options_.measured_deviation * options_.measured_deviation};
    }

    Uncertain score(std::size_t from, std::size_t onto) const {
        Uncertain sum{options_.pair_drop, options_.pair_deviation * options_.pair_deviation};
        const auto add = [&](const Uncertain& term) {
            sum.value += term.value;
            sum.variance += term.variance;
        };
        add(weighted(look_ahead(from, onto), options_.look_ahead));
        add(weighted(turned(cosine(from, onto), 0), options_.cosine));
        add(weighted(turned(at(kScaleOverlap, from, onto), 1), options_.scale));
        add(weighted(turned(at(kAspectOverlap, from, onto), 1), options_.aspect));
        add(scaled(at(kPoolingDrop, from, onto), options_.pooling / accuracy(onto)));
        add(weighted(turned(at(kContainment, from, onto), 0), options_.containment));
        return sum;
    }

private:
    MeasuredMean at(const char* key, std::size_t from, std::size_t onto) const {
        const AffinityMatrix* matrix = affinities_.find(key);
        return matrix == nullptr ? MeasuredMean{std::numeric_limits<double>::quiet_NaN(), 0, 0}
                                 : matrix->values[from][onto];
    }

    double accuracy(std::size_t task) const { return options_.accuracies.empty() ? 1 : options_.accuracies[task]; }

    static double error_of(const MeasuredMean& measured) { return std::isfinite(measured.error) ? measured.error : 0; }

    /// best - measured
    static MeasuredMean turned(const MeasuredMean& measured, double best) {
        return {best - measured.mean, measured.error, measured.count};
    }

    /// The share of what `onto` does for itself that `from` does against it.
    MeasuredMean look_ahead(std::size_t from, std::size_t onto) const {
        const MeasuredMean other = at(kLookAhead, from, onto), self = at(kLookAhead, onto, onto);
        if (!(self.mean > 0)) return {std::numeric_limits<double>::quiet_NaN(), 0, 0};
        const double share = other.mean / self.mean;
        const double error = std::hypot(error_of(other), share * error_of(self)) / self.mean;
        if (!std::isfinite(share)) return {share, 0, 0};
        return {-std::clamp(share, -1.0, 1.0), std::min(error, 1.0), other.count};
    }

    /// Of the gradients' means: that of noisy gradients is smaller by what either reaches with itself on other
    /// pictures.
    MeasuredMean cosine(std::size_t from, std::size_t onto) const {
        const MeasuredMean noisy = at(kGradientCosine, from, onto);
        const double of_from = at(kGradientCosine, from, from).mean, of_onto = at(kGradientCosine, onto, onto).mean;
        if (!std::isfinite(noisy.mean) || !(of_from > 0 && of_onto > 0)) return noisy;
        const double scale = 1 / std::sqrt(of_from * of_onto);
        return {std::clamp(scale * noisy.mean, -1.0, 1.0), std::min(scale * error_of(noisy), 1.0), noisy.count};
    }

    static Uncertain weighted(const MeasuredMean& measured, double weight) {
        if (!std::isfinite(measured.mean)) return {0.5 * weight, 0.25 * weight * weight};
        return scaled(measured, weight);
    }

    /// 0 where nothing is known.
    static Uncertain scaled(const MeasuredMean& measured, double factor) {
        if (!std::isfinite(measured.mean)) return {};
        const double error = factor * error_of(measured);
        return {factor * measured.mean, error * error};
    }

    const TaskAffinities& affinities_;
    const PredictionOptions& options_;
};

/// What the measured merges cost beyond their pairs' scores, on average, with its spread; 0 where none was measured.
Uncertain shift_of_scores(const PairMeasures& measures, std::size_t tasks) {
    double sum = 0, squares = 0, count = 0;
    for (std::size_t from = 0; from < tasks; ++from) {
        for (std::size_t onto = 0; onto < tasks; ++onto) {
            if (from == onto || !measures.has_transplant(from, onto)) continue;
            const double beyond = measures.transplant(from, onto).value - measures.score(from, onto).value;
            sum += beyond;
            squares += beyond * beyond;
            ++count;
        }
    }
    if (count == 0) return {};
    const double mean = sum / count;
    return {mean, std::max(0.0, squares / count - mean * mean)};
}

bool is_accuracy(double value) { return value > 0 && value <= 1; }

} // namespace

GroupPredictor::GroupPredictor(const TaskAffinities& affinities, const PredictionOptions& options)
    : options_(options), drops_(affinities.tasks.size(), std::vector<PairDrop>(affinities.tasks.size())) {
    const std::vector<double>& accuracies = options.accuracies;
    BANYAN_CHECK(accuracies.empty() || accuracies.size() == drops_.size(), "an accuracy for each of ", drops_.size(),
                 " tasks expected, got ", accuracies.size());
    BANYAN_CHECK(std::all_of(accuracies.begin(), accuracies.end(), is_accuracy), "accuracies must lie in (0, 1]");
    const PairMeasures measures(affinities, options_);
    const Uncertain shift = shift_of_scores(measures, drops_.size());
    for (std::size_t from = 0; from < drops_.size(); ++from) {
        for (std::size_t onto = 0; onto < drops_.size(); ++onto) {
            if (from == onto) continue;
            if (measures.has_transplant(from, onto)) {
                const Uncertain drop = measures.transplant(from, onto);
                drops_[from][onto] = {drop.value, drop.variance};
            } else {
                const Uncertain drop = measures.score(from, onto);
                drops_[from][onto] = {drop.value + shift.value, drop.variance + shift.variance};
            }
        }
    }
}

double GroupPredictor::pair_deviation(std::size_t from, std::size_t onto) const {
    return std::sqrt(drops_[from][onto].variance);
}

GroupCandidate GroupPredictor::predict(TaskSet tasks) const {
    BANYAN_CHECK(tasks != 0 && (tasks & ~all_tasks(task_count())) == 0,
                 "a group has no task, or one that there is not");
    GroupCandidate group;
    group.tasks = tasks;
    group.losses.assign(task_count(), std::numeric_limits<double>::quiet_NaN());
    group.variances.assign(task_count(), 0);
    for (TaskSet rest = tasks; rest != 0; rest &= rest - 1)
        predict_task(group, static_cast<std::size_t>(std::countr_zero(rest)));
    return group;
}

void GroupPredictor::predict_task(GroupCandidate& group, std::size_t task) const {
    const double others = std::popcount(group.tasks) - 1;
    group.losses[task] = 0;
    if (others == 0) return;
    double sum = 0, variance = 0;
    for (std::size_t other = 0; other < task_count(); ++other) {
        if (other == task || (group.tasks >> other & 1U) == 0) continue;
        sum += drops_[other][task].drop;
        variance += drops_[other][task].variance;
    }
    const double factor = std::pow(others, options_.growth) / others;
    const double further = options_.growth_deviation * (others - 1);
    group.losses[task] = std::clamp(factor * sum, -1.0, 1.0);
    group.variances[task] = factor * factor * variance + further * further;
}

} // namespace banyan
