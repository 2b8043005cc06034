#include "train/step_update.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <variant>

#include "core/error.h"
#include "model/libtorch.h"
#include "train/hints.h"
#include "train/pcgrad.h"
#include "train/touched_tensors.h"

namespace banyan {

namespace {

constexpr const char* kTrunk = "trunk.";
constexpr const char* kBalance = "balance.";
constexpr const char* kConflicts = "conflicts.";
constexpr std::uint64_t kPcgradStream = std::uint64_t{100} << 32; // apart from the loader's (data/random_streams.h)

std::string prefix_of(const std::string& branch) { return "branches." + branch + "."; }

/// Weights of the last convolutions in front of what the branches read.
std::vector<at::Tensor> last_neck_weights(const MultiTaskModel& model) {
    const Graph& graph = model.module().graph();
    std::set<std::string> names;
    for (const Branch& branch : model.branches()) {
        for (const ValueId feature : branch.features) {
            const Node* node = graph.producer(feature);
            while (node && !std::holds_alternative<ConvAttributes>(node->attributes)) {
                node = graph.producer(node->inputs.at(0));
            }
            if (node) names.insert(std::get<ConvAttributes>(node->attributes).parameters + ".weight");
        }
    }
    std::vector<at::Tensor> weights;
    for (const std::string& name : names) weights.push_back(model.module().tensor(name));
    return weights;
}

std::vector<at::Tensor> tensors_of(const std::map<std::string, at::Tensor>& named) {
    std::vector<at::Tensor> tensors;
    for (const auto& [name, tensor] : named) tensors.push_back(tensor);
    return tensors;
}

} // namespace

StepUpdate::StepUpdate(MultiTaskModel& model, TrainStep& forward, Optimizer& optimizer, Ema& ema,
                       const TrainOptions& options)
    : model_(model), forward_(forward), optimizer_(optimizer), ema_(ema), options_(options),
      balancer_(make_balancer(options.balance)), shared_(last_neck_weights(model)) {
    for (const auto& [name, tensor] : model.module().parameters()) {
        (name.starts_with(kTrunk) ? trunk_ : heads_).push_back(tensor);
    }
}

StepOutcome StepUpdate::run(const Batch& batch, std::int64_t step) {
    return run_guarded([&] { return forward_.forward(batch); }, step);
}

StepOutcome StepUpdate::run(const at::Tensor& images, const std::vector<Labels>& labels, std::int64_t step) {
    return run_guarded([&] { return forward_.forward(images, labels); }, step);
}

StepOutcome StepUpdate::run_guarded(const std::function<StepLosses()>& forward, std::int64_t step) {
    StepOutcome outcome;
    save_statistics();
    try {
        const StepLosses losses = forward();
        outcome.branches = losses.branches;
        if (losses.total.defined()) learn(losses, step, outcome);
    } catch (const NonFiniteError& error) {
        restore_statistics();
        optimizer_.zero_grad();
        outcome = {};
        outcome.non_finite = error.details();
    }
    return outcome;
}

void StepUpdate::learn(const StepLosses& losses, std::int64_t step, StepOutcome& outcome) {
    const std::vector<BranchSignal> signals = signals_of(losses);
    const std::vector<double> weights = balancer_->weights(signals);
    const bool project = options_.balance.method == BalanceMethod::pcgrad;
    const bool measure = options_.conflict_every > 0 && (step + 1) % options_.conflict_every == 0;
    std::vector<std::vector<double>> products;
    optimizer_.zero_grad();
    if (project || measure) {
        const GradientSet trunk(losses.terms, trunk_);
        products = trunk.inner_products();
        if (project) {
            Random random(options_.seed, kPcgradStream, static_cast<std::uint64_t>(step));
            propagate_projected(losses, trunk.combine(pcgrad_factors(products, random)));
        }
    }
    if (!project) propagate(losses, weights);
    outcome.gradient_norm = clip(losses);
    if (!std::isfinite(outcome.gradient_norm)) refuse_gradient(losses);

    take(losses, step, outcome);
    balancer_->learn(signals);
    if (measure) outcome.conflicts = conflicts_.add(losses.present, products);
    for (std::size_t b = 0; b < weights.size(); ++b) outcome.branches.at(losses.present[b]).weight = weights[b];
}

std::vector<BranchSignal> StepUpdate::signals_of(const StepLosses& losses) const {
    std::vector<BranchSignal> signals;
    for (std::size_t b = 0; b < losses.present.size(); ++b) {
        signals.push_back({losses.present[b], losses.terms[b].item<double>(), 0});
    }
    if (!balancer_->needs_norms()) return signals;
    const std::vector<std::vector<double>> products = GradientSet(losses.terms, shared_).inner_products();
    for (std::size_t b = 0; b < signals.size(); ++b) signals[b].shared_norm = std::sqrt(products[b][b]);
    return signals;
}

void StepUpdate::propagate(const StepLosses& losses, const std::vector<double>& weights) {
    at::Tensor total = losses.total;
    if (std::any_of(weights.begin(), weights.end(), [](double weight) { return weight != 1; })) {
        total = weights[0] * losses.terms[0];
        for (std::size_t b = 1; b < weights.size(); ++b) total = total + weights[b] * losses.terms[b];
        if (losses.hints.defined()) total = total + losses.hints;
    }
    total.backward();
}

void StepUpdate::propagate_projected(const StepLosses& losses, const std::vector<at::Tensor>& projected) {
    std::vector<at::Tensor> of_hints(trunk_.size());
    if (losses.hints.defined()) {
        of_hints = torch::autograd::grad({losses.hints}, trunk_, {}, /*retain_graph=*/true, /*create_graph=*/false,
                                         /*allow_unused=*/true);
    }
    torch::autograd::backward({losses.total}, {}, /*retain_graph=*/false, /*create_graph=*/false, heads_);
    for (std::size_t p = 0; p < trunk_.size(); ++p) {
        const at::Tensor& hint = of_hints[p];
        if (!projected[p].defined() && !hint.defined()) continue;
        trunk_[p].mutable_grad() = !hint.defined()           ? projected[p]
                                   : !projected[p].defined() ? hint
                                                             : projected[p] + hint;
    }
}

double StepUpdate::clip(const StepLosses& losses) {
    if (options_.clip == ClipScope::global) return optimizer_.clip(options_.clip_norm);
    double square = std::pow(optimizer_.clip(options_.clip_norm, kTrunk), 2) +
                    std::pow(optimizer_.clip(options_.clip_norm, kHintPrefix), 2);
    for (const std::string& head : losses.heads) {
        square += std::pow(optimizer_.clip(options_.clip_norm, prefix_of(head)), 2);
    }
    return std::sqrt(square);
}

void StepUpdate::refuse_gradient(const StepLosses& losses) const {
    NonFinite details{"gradient", "", optimizer_.find_non_finite_gradient(), {}, losses.branches};
    for (const std::string& branch : losses.present) {
        if (details.tensor.starts_with(prefix_of(branch))) details.branch = branch;
    }
    for (std::int64_t i = 0; i < losses.rows.size(0); ++i) details.rows.push_back(losses.rows[i].item<std::int64_t>());
    const std::string found = details.tensor.empty() ? "a norm that overflows" : "\"" + details.tensor + "\"";
    throw NonFiniteError(ErrorText{"training step", "a gradient is not finite", "", found,
                                   "lower /train/lr or set /train/precision to \"fp32\""},
                         std::move(details));
}

void StepUpdate::take(const StepLosses& losses, std::int64_t step, StepOutcome& outcome) {
    const double scale = lr_scale(options_, step);
    outcome.lr = options_.lr * scale;
    outcome.loss = losses.total.item<double>();
    if (losses.hints.defined()) outcome.hint_loss = losses.hints.item<double>();
    const ActiveChannels active = active_channels(model_, losses);
    optimizer_.step(scale, active);
    ema_.update(model_.module(), touched_tensors(model_.module(), losses), active);
}

void StepUpdate::save_statistics() {
    const at::NoGradGuard no_gradient;
    const std::vector<at::Tensor> statistics = tensors_of(model_.module().buffers());
    if (statistics_before_.size() != statistics.size()) {
        statistics_before_.clear();
        for (const at::Tensor& tensor : statistics) statistics_before_.push_back(at::empty_like(tensor));
    }
    if (!statistics.empty()) at::_foreach_copy_(statistics_before_, statistics);
}

void StepUpdate::restore_statistics() {
    const at::NoGradGuard no_gradient;
    std::vector<at::Tensor> statistics = tensors_of(model_.module().buffers());
    if (!statistics.empty()) at::_foreach_copy_(statistics, statistics_before_);
}

std::map<std::string, at::Tensor> StepUpdate::state() const {
    std::map<std::string, at::Tensor> state;
    add_tensors(balancer_->state(), kBalance, state);
    add_tensors(conflicts_.state(), kConflicts, state);
    return state;
}

void StepUpdate::load_state(const std::map<std::string, at::Tensor>& state) {
    balancer_->load_state(numbers_below(kBalance, balancer_->state_size(), state));
    conflicts_.load_state(numbers_below(kConflicts, GradientConflicts::kStateSize, state));
}

} // namespace banyan
