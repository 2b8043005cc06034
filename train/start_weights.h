#pragma once

#include <string>

#include "model/multi_task_model.h"

namespace banyan {

/// Takes all tensors of the network from a model file of an equal network: the same tasks, branches, anchors,
/// preprocessing and parameters. Losses, matchers and thresholds may differ.
/// @throws IoError; ModelFileError a damaged file, or one of another network (names what differs; the model is
///         unchanged then)
void start_from_model(MultiTaskModel& model, const std::string& path);

} // namespace banyan
