#include "combine/affinity_probe.h"

#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "model/libtorch.h"
#include "train/gradient_conflicts.h"
#include "train/gradient_set.h"
#include "train/non_finite.h"
#include "train/train_step.h"

namespace banyan {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

using Gradient = std::vector<at::Tensor>; ///< by parameter of the trunk; undefined where the loss does not reach it

std::vector<at::Tensor> trunk_parameters(const GraphModule& module) {
    std::vector<at::Tensor> parameters;
    for (const auto& [name, tensor] : module.parameters()) {
        if (name.starts_with("trunk.")) parameters.push_back(tensor);
    }
    return parameters;
}

/// Tensors that are put back as they were, to the bit, whatever happens.
class KeptTensors {
public:
    explicit KeptTensors(std::vector<at::Tensor> tensors) : tensors_(std::move(tensors)) {
        for (const at::Tensor& tensor : tensors_) copies_.push_back(tensor.detach().clone());
    }
    ~KeptTensors() { put_back(); }
    KeptTensors(const KeptTensors&) = delete;
    KeptTensors& operator=(const KeptTensors&) = delete;

    void put_back() {
        const at::NoGradGuard no_gradient;
        for (std::size_t i = 0; i < tensors_.size(); ++i) tensors_[i].copy_(copies_[i]);
    }

private:
    std::vector<at::Tensor> tensors_, copies_;
};

std::vector<at::Tensor> statistics_of(const GraphModule& module) {
    std::vector<at::Tensor> tensors;
    for (const auto& [name, tensor] : module.buffers()) tensors.push_back(tensor);
    return tensors;
}

double inner_product(const Gradient& a, const Gradient& b) {
    double sum = 0;
    for (std::size_t p = 0; p < a.size(); ++p) {
        if (a[p].defined() && b[p].defined()) sum += at::dot(a[p].reshape({-1}), b[p].reshape({-1})).item<double>();
    }
    return sum;
}

double norm_of(const Gradient& gradient) { return std::sqrt(inner_product(gradient, gradient)); }

double cosine(const Gradient& a, const Gradient& b) {
    return a.empty() || b.empty() ? kNone : inner_product(a, b) / norm_of(a) / norm_of(b);
}

/// The loss of a batch and its gradient for the trunk.
struct Pull {
    double loss = kNone;
    std::map<std::string, JudgedTargets> judged; ///< by which the loss was found
    Gradient gradient;                           ///< empty where there is none of use
    double norm = kNone;
};

/// The two batches of one task.
struct TaskPulls {
    Batch batch_b;
    Pull a, b;
    double norm() const { return (a.norm + b.norm) / 2; }
};

/// At other parameters, judged as before.
double loss_of(TrainStep& step, const Batch& batch, const Pull& before) {
    const at::NoGradGuard no_gradient;
    try {
        const StepLosses losses = step.forward(batch, before.judged);
        return losses.total.defined() ? losses.total.item<double>() : kNone;
    } catch (const NonFiniteError&) {
        return kNone;
    }
}

Pull pull_of(TrainStep& step, const Batch& batch, const std::vector<at::Tensor>& parameters) {
    try {
        const StepLosses losses = step.forward(batch);
        if (!losses.total.defined()) return {};
        Pull pull;
        pull.loss = losses.total.item<double>();
        pull.judged = losses.judged;
        Gradient gradient = GradientSet({losses.total}, parameters).combine({1.0});
        const double norm = norm_of(gradient);
        if (!(norm > 0) || !std::isfinite(norm)) return pull;
        pull.gradient = std::move(gradient);
        pull.norm = norm;
        return pull;
    } catch (const NonFiniteError&) {
        return {};
    }
}

/// theta := theta - length * gradient / |gradient|
void step_along(std::vector<at::Tensor>& parameters, const Pull& pull, double length) {
    const at::NoGradGuard no_gradient;
    for (std::size_t p = 0; p < parameters.size(); ++p) {
        if (pull.gradient[p].defined()) parameters[p].sub_(pull.gradient[p], length / pull.norm);
    }
}

std::vector<std::vector<double>> empty_square(std::size_t tasks) {
    return std::vector<std::vector<double>>(tasks, std::vector<double>(tasks, kNone));
}

void compare_gradients(const std::vector<TaskPulls>& pulls, AffinityProbeResult& result) {
    for (std::size_t i = 0; i < pulls.size(); ++i) {
        for (std::size_t j = 0; j < pulls.size(); ++j) {
            result.cosine[i][j] =
                (cosine(pulls[i].a.gradient, pulls[j].b.gradient) + cosine(pulls[j].a.gradient, pulls[i].b.gradient)) /
                2;
            if (i != j) result.log2_ratio[i][j] = std::log2(pulls[i].norm() / pulls[j].norm());
        }
    }
}

} // namespace

void check_can_be_probed(const ModelOptions& options) {
    if (options.tasks.size() < 2) {
        throw UsageError(ErrorText{"tasks", "nothing to compare", "two tasks at least",
                                   options.tasks.empty() ? "none" : "only \"" + options.tasks.front().name + "\"", ""});
    }
    for (const BranchOptions& branch : options.branches) {
        if (branch.tasks.size() == 1) continue;
        throw UsageError(ErrorText{
            "branch " + branch.name, "its tasks cannot be told apart", "a network with a branch for each task",
            std::to_string(branch.tasks.size()) + " tasks in one branch", "measure the unmerged network"});
    }
}

AffinityProbe::AffinityProbe(const RunConfig& config, const std::vector<Dataset>& datasets, const ProbeOptions& options)
    : train_(config.train), options_(options) {
    check_can_be_probed(config.model);
    BANYAN_CHECK(options.rows >= 1 && options.own_drop > 0 && options.own_drop < 1,
                 "affinity probe: expected rows >= 1 and a drop in (0, 1)");
    train_.precision = Precision::fp32; // small differences of losses
    train_.unlabelled = Unlabelled::masked;
    train_.trunk_lr_scale = 1; // a frozen trunk would have no gradient
    for (std::size_t t = 0; t < config.model.tasks.size(); ++t) {
        batches_.emplace_back(config, datasets, t, options.rows);
    }
}

AffinityProbeResult AffinityProbe::measure(MultiTaskModel& model, std::int64_t number) {
    const std::size_t tasks = batches_.size();
    TrainStep step(model, train_);
    std::vector<at::Tensor> parameters = trunk_parameters(model.module());
    KeptTensors statistics(statistics_of(model.module())), theta(parameters);

    std::vector<TaskPulls> pulls(tasks);
    for (std::size_t t = 0; t < tasks; ++t) {
        pulls[t].a = pull_of(step, batches_[t].get(2 * number), parameters);
        pulls[t].batch_b = batches_[t].get(2 * number + 1);
        pulls[t].b = pull_of(step, pulls[t].batch_b, parameters);
    }
    AffinityProbeResult result{number, empty_square(tasks), empty_square(tasks), empty_square(tasks)};
    compare_gradients(pulls, result);
    for (std::size_t i = 0; i < tasks; ++i) {
        if (pulls[i].a.gradient.empty()) continue;
        step_along(parameters, pulls[i].a, options_.own_drop * pulls[i].a.loss / pulls[i].a.norm);
        for (std::size_t j = 0; j < tasks; ++j) {
            const double before = pulls[j].b.loss;
            if (before > 0) result.look_ahead[i][j] = 1 - loss_of(step, pulls[j].batch_b, pulls[j].b) / before;
        }
        theta.put_back();
    }
    return result;
}

std::vector<AffinityMatrix> mean_affinities(const std::vector<AffinityProbeResult>& probes, std::size_t tasks) {
    using Square = std::vector<std::vector<double>> AffinityProbeResult::*;
    const std::vector<std::pair<const char*, Square>> kinds{{kLookAhead, &AffinityProbeResult::look_ahead},
                                                            {kGradientCosine, &AffinityProbeResult::cosine},
                                                            {kGradientRatio, &AffinityProbeResult::log2_ratio}};
    std::vector<AffinityMatrix> matrices;
    for (const auto& [key, square] : kinds) {
        matrices.push_back(empty_matrix(key, tasks));
        for (std::size_t i = 0; i < tasks * tasks; ++i) {
            RunningMean mean;
            for (const AffinityProbeResult& probe : probes) {
                const double value = (probe.*square)[i / tasks][i % tasks];
                if (std::isfinite(value)) mean.add(value);
            }
            if (mean.count == 0) continue;
            matrices.back().values[i / tasks][i % tasks] = {mean.mean, mean.standard_error(),
                                                            static_cast<std::int64_t>(mean.count)};
        }
    }
    return matrices;
}

} // namespace banyan
