#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/graph_module.h"
#include "train/channel_counts.h"
#include "train/train_options.h"

namespace banyan {

/// Learning rate at `step` (0-based) as a share of its peak: linear warm-up, then cosine down to final_lr_scale.
double lr_scale(const TrainOptions& options, std::int64_t step);

/// AdamW ("Decoupled Weight Decay Regularization", arXiv:1711.05101) or SGD with momentum over a module's parameters.
/// A parameter without a gradient keeps value, moments, step count and weight decay bit by bit: that is how idle
/// branches stay untouched. So do the channels of a parameter that a step leaves out: idle classes of a branch. Their
/// step counts go their own way from then on. Moments are made at a parameter's first gradient.
class Optimizer {
public:
    Optimizer(const GraphModule& module, const TrainOptions& options);

    void zero_grad(); ///< gradients become undefined
    /// Scales the gradients of the parameters below `prefix` ("": all) so that their norm is at most max_norm (0 =
    /// off). Parameters without gradient count as 0. @return the norm before
    double clip(double max_norm, const std::string& prefix = "");
    /// One step with lr = options.lr * lr_scale * the group's scale.
    /// @param active parameters of which only some channels take part (active_channels() of train/touched_tensors.h)
    void step(double scale, const ActiveChannels& active = {});

    /// Parameters with a gradient now.
    std::vector<std::string> active() const;
    /// Name of a parameter whose gradient is not finite, or "".
    std::string find_non_finite_gradient() const;

    /// Moments and step counts by "<kind>.<parameter>", for checkpoints. Step counts: see ChannelCounts::to_tensor.
    std::map<std::string, at::Tensor> state() const;
    /// @throws ModelFileError an entry that does not fit
    void load_state(const std::map<std::string, at::Tensor>& state);

private:
    struct Slot {
        std::string name;
        at::Tensor parameter;
        double lr_factor = 1;
        double weight_decay = 0;
        at::Tensor first, second; ///< undefined before the first gradient; sgd has only `first`
        ChannelCounts steps;      ///< adamw
    };
    using Group = std::vector<Slot*>;
    struct Operands;
    void prepare(Slot& slot);
    Operands operands_of(const Group& group, const ActiveChannels& active);
    void step_group(const Group& group, double lr, const ActiveChannels& active);
    void load_slot(Slot& slot, const std::map<std::string, at::Tensor>& state, std::size_t& used);

    TrainOptions options_;
    std::vector<Slot> slots_;
};

} // namespace banyan
