#pragma once

#include "data/sampling_counts.h"
#include "model/multi_task_model.h"
#include "train/train_options.h"

namespace banyan {

/// Prepares a model's trunk for TrunkNorm::dataset; does nothing for other norms. Backbone and neck then normalise the
/// rows of each data set by that data set's own batch statistics and keep running statistics for each, which begin as
/// the present ones (model/set_statistics.h): call it once weights are imported, and before an Ema or a checkpoint
/// looks at the tensors. Branches see their own rows only and keep plain batch norms.
/// @param expected rows of each data set in a batch: its weight in the mixture that is evaluated and saved
void prepare_trunk_norms(MultiTaskModel& model, TrunkNorm norm, const SamplingCounts& expected);

} // namespace banyan
