#pragma once

#include <functional>
#include <vector>

#include "apps/run_commands.h"
#include "engine/engine.h"

namespace banyan {

/// explain --plan and --fusion: the network as the engine runs it, with the times of its steps.
/// @param run_timed runs it once and gives the seconds of each of Engine::steps()
void explain_plan(const Engine& engine, const std::function<void(std::vector<double>& seconds)>& run_timed,
                  const Options& options);

} // namespace banyan
