#pragma once

#include <string>

#include "network/network_runner.h"

namespace banyan {

/// What makes the runners of networks on a device; empty for "cpu", which stands for the engine. Of two definitions
/// each program has one: banyan-train (device_runner.cpp), and banyan-infer (no_device_runner.cpp), which has "cpu"
/// only.
/// @param device as device_option() returns it @throws UsageError there is no such device
RunnerMaker device_runner(const std::string& device);

} // namespace banyan
