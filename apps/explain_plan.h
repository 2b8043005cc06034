#pragma once

#include "apps/run_commands.h"
#include "infer/detector.h"

namespace banyan {

/// explain --plan and --fusion: the network as the detector runs it. Times its steps on a picture of noise.
void explain_plan(Detector& detector, const Options& options);

} // namespace banyan
