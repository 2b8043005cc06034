#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "data/sample.h"
#include "train/balancer.h"
#include "train/ema.h"
#include "train/gradient_conflicts.h"
#include "train/gradient_set.h"
#include "train/non_finite.h"
#include "train/optimizer.h"
#include "train/train_step.h"

namespace banyan {

/// What one step did.
struct StepOutcome {
    double loss = 0;          ///< sum of all losses, before balancing
    double lr = 0;            ///< 0 where nothing was learned
    double gradient_norm = 0; ///< over all parameters, before clipping
    std::map<std::string, BranchStep> branches;
    std::optional<double> hint_loss{};       ///< of the teachers' hints, weighted; only with hints
    std::vector<GradientConflict> conflicts; ///< of the steps in which they are measured
    std::optional<NonFinite> non_finite;     ///< the step was not taken
};

/// One whole training step: forward, balancing, backward, clipping, optimiser, average.
///
/// Balancing, clipping and measuring see the present branches only; what belongs to an absent one keeps every bit. A
/// step with a loss or gradient that is not finite changes nothing at all: parameters, moments, averages, balancing,
/// and the running statistics that its forward pass has moved are as before it.
class StepUpdate {
public:
    /// All must outlive it.
    StepUpdate(MultiTaskModel& model, TrainStep& forward, Optimizer& optimizer, Ema& ema, const TrainOptions& options);

    /// @param step 0-based: decides learning rate, measuring and the orders of PCGrad
    StepOutcome run(const Batch& batch, std::int64_t step);
    /// The same for images already normalised, [N, 3, H, W].
    StepOutcome run(const at::Tensor& images, const std::vector<Labels>& labels, std::int64_t step);

    /// Balancing and conflicts, for checkpoints: small float64 tensors.
    std::map<std::string, at::Tensor> state() const;
    /// @throws ModelFileError an entry that does not fit
    void load_state(const std::map<std::string, at::Tensor>& state);

private:
    StepOutcome run_guarded(const std::function<StepLosses()>& forward, std::int64_t step);
    void learn(const StepLosses& losses, std::int64_t step, StepOutcome& outcome);
    std::vector<BranchSignal> signals_of(const StepLosses& losses) const;
    void take(const StepLosses& losses, std::int64_t step, StepOutcome& outcome);
    void propagate(const StepLosses& losses, const std::vector<double>& weights);
    /// @param projected the trunk's gradients of the branches; branches and hints get their own
    void propagate_projected(const StepLosses& losses, const std::vector<at::Tensor>& projected);
    double clip(const StepLosses& losses);
    [[noreturn]] void refuse_gradient(const StepLosses& losses) const;
    void save_statistics();
    void restore_statistics();

    MultiTaskModel& model_;
    TrainStep& forward_;
    Optimizer& optimizer_;
    Ema& ema_;
    TrainOptions options_;
    std::unique_ptr<Balancer> balancer_;
    GradientConflicts conflicts_;
    std::vector<at::Tensor> trunk_, heads_; ///< learned parameters of the trunk and of all branches
    std::vector<at::Tensor> shared_;        ///< weights of the neck's last layers
    std::vector<at::Tensor> statistics_before_;
};

} // namespace banyan
