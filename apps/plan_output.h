#pragma once

#include <string>
#include <vector>

#include "engine/engine.h"

namespace banyan {

/// Every step of an engine for people: kernel, type, shape, time, speed, bytes; at the end sums and memory.
/// @param ms median of each step
std::string plan_table(const Engine& engine, const std::vector<double>& ms);

/// The same as JSON, a list of steps.
std::string plan_json(const Engine& engine, const std::vector<double>& ms);

} // namespace banyan
