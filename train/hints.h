#pragma once

#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/multi_task_model.h"
#include "train/hint_options.h"

namespace banyan {

/// A hint of one teacher, ready to be computed.
struct Hint {
    HintOptions options;
    ValueId value = -1;         ///< of the network: what is compared, behind the adaptor if there is one
    ValueId teacher_value = -1; ///< of the teacher
};

/// Name of everything that only hints need: parameters of the adaptors, "hints.<teacher>.<hint>.weight" and ".bias".
inline constexpr const char* kHintPrefix = "hints.";

/// Finds the values of hints and adds their adaptors to the network, which is built anew with the tensors it has. The
/// adaptors are learned with the network and belong to its checkpoints, but not to what is saved as a model.
/// @param name of the teacher below kHintPrefix  @param where names the teacher in messages
/// @throws ConfigError naming what does not fit: an unknown value, one outside of the trunk, other strides, without an
///         adaptor other numbers of channels; another normalisation of the pixels
std::vector<Hint> make_hints(const std::vector<HintOptions>& options, MultiTaskModel& network,
                             const MultiTaskModel& teacher, const std::string& name, const std::string& where);

/// Sum of the hints' losses. @param values of the network, teacher_values: those of the hints for the same pictures
at::Tensor hints_loss(const std::vector<Hint>& hints, const std::map<ValueId, at::Tensor>& values,
                      const std::map<ValueId, at::Tensor>& teacher_values);

} // namespace banyan
