#pragma once

#include "engine/engine.h"
#include "engine/kernel.h"
#include "engine/program.h"

namespace banyan {

/// Steps of an engine as people see them.
EngineStep input_step(const ValueMemory& image);
EngineStep step_of(const Program& program, const Operation& operation, std::int64_t batch, const Kernel& kernel);

} // namespace banyan
