#pragma once

#include <string>

#include "combine/branch_cost.h"
#include "infer/detector.h"

namespace banyan {

struct LatencyMeterOptions {
    int rounds = 40; ///< pictures of each network, in turn [40, 100000]
    int warm_up = 5; ///< rounds before, not counted
    int threads = 0; ///< of the kernels; 0 = as it is
    Bf16 bf16 = Bf16::automatic;
};

/// Measures networks by the detector that will run them, from the picture in memory to its boxes, on start weights: the
/// work does not depend on them but for the few boxes that pass the threshold. One picture each a round; every round
/// begins with another network, so that none always follows the same one.
LatencyMeter detector_meter(LatencyMeterOptions options);

/// "2 threads, bf16, 320 px, AMD EPYC …"
std::string target_text(const LatencyMeterOptions& options, int side);

} // namespace banyan
