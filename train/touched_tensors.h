#pragma once

#include <string>
#include <vector>

#include "train/channel_counts.h"
#include "train/train_step.h"

namespace banyan {

/// Parameters and statistics that the step may have changed, once `losses` have been propagated back: parameters with a
/// gradient, and running statistics of the norms that used batch statistics.
std::vector<std::string> touched_tensors(const GraphModule& module, const StepLosses& losses);

/// The channels of class convolutions that had something to learn, where not all had: channel a*K + k is class k's.
ActiveChannels active_channels(const MultiTaskModel& model, const StepLosses& losses);

} // namespace banyan
