#pragma once

#include <string>

#include "apps/latency_meter.h"
#include "apps/run_commands.h"
#include "combine/measure_affinities.h"

namespace banyan {

// What `merge measure` and `merge auto` share. All throw UsageError.

/// The run of --config, --set, --steps and --tasks.
RunConfig joint_config_option(const Options& options);

/// Values of --out, --model or --run, --every, --probes, --rows, --pairs, --images, --boxes and --resume.
MeasureOptions measure_options(const Options& options);

/// Values of --rounds, --threads, --fp32 and --out.
LatencyMeterOptions meter_options(const Options& options);

/// Where and how latencies are measured, with the kind of merged branches.
std::string merge_target(const Options& options, int side);

} // namespace banyan
