#pragma once

#include <string>

#include "model/multi_task_model.h"

namespace banyan {

/// The network that a run trains, with drawn start values: as its options build it or, where `init` names a quantised
/// model, that model's graph, so that rounding is part of the training.
/// @param init model file, see start_from_model; may be empty
/// @throws IoError; ModelFileError a damaged file, or a quantised one of another network (names what differs)
MultiTaskModel make_network(const ModelOptions& options, const std::string& init,
                            const GraphModuleOptions& module_options);

/// Takes all tensors of the network from a model file of an equal network: the same tasks, branches, anchors,
/// preprocessing and parameters. Losses, matchers and thresholds may differ.
/// @throws IoError; ModelFileError a damaged file, or one of another network (names what differs; the model is
///         unchanged then)
void start_from_model(MultiTaskModel& model, const std::string& path);

} // namespace banyan
