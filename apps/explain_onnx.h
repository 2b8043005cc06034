#pragma once

#include "apps/run_commands.h"

namespace banyan {

/// explain of an ONNX file: input, outputs and cost, its graph, and its plan as the engine runs it.
/// @throws UsageError options that mean nothing for it; IoError, ModelFileError the file
void explain_onnx(const Options& options);

} // namespace banyan
