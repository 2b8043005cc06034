#pragma once

#include "engine/engine.h"
#include "engine/kernel.h"
#include "engine/lowering.h"

namespace banyan {

/// Steps of an engine as people see them.
EngineStep input_step(const ValueMemory& image);
EngineStep step_of(const Graph& graph, const Operation& operation, const ValueMemory& result, const Kernel& kernel);
EngineStep conversion_step(const std::string& output, const ValueMemory& from, const ValueMemory& to,
                           const Kernel& kernel);

} // namespace banyan
