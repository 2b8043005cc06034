#pragma once

#include <memory>

#include "engine/kernel.h"
#include "engine/weight_store.h"

namespace banyan {

/// Nearest neighbour, floor(i * in / out) as LibTorch's upsample_nearest2d, to the size of `to`. The storage stays.
/// Ours, since oneDNN's takes other pixels where the sizes are no multiples.
std::unique_ptr<Kernel> make_upsampling(const ValueMemory& from, const ValueMemory& to);

/// Channel c of `to` is channel select.channels[c] of `from`. The storage stays.
std::unique_ptr<Kernel> make_channel_selection(const ValueMemory& from, const ValueMemory& to,
                                               const SelectChannelsAttributes& select);

/// Group norm (GroupNormAttributes); oneDNN 3.2 has none. Sums are in double.
std::unique_ptr<Kernel> make_group_norm(const ValueMemory& from, const ValueMemory& to, const GroupNormAttributes& norm,
                                        const WeightStore& weights);

} // namespace banyan
