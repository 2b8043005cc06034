#pragma once

#include <array>
#include <memory>

#include "engine/kernel.h"
#include "engine/weight_store.h"

namespace banyan {

/// Nearest neighbour, floor(i * in / out) as LibTorch's upsample_nearest2d, to the size of `to`. Types are equal.
/// Ours, since oneDNN's takes other pixels where the sizes are no multiples.
std::unique_ptr<Kernel> make_upsampling(const ValueMemory& from, const ValueMemory& to);

/// Group norm (GroupNormAttributes); oneDNN 3.2 has none. Sums are in double.
std::unique_ptr<Kernel> make_group_norm(const ValueMemory& from, const ValueMemory& to, const GroupNormAttributes& norm,
                                        const WeightStore& weights);

/// Network input of a picture: (x - mean) / std by channel.
class InputConversion {
public:
    /// @param to [N, H, W, 3]
    InputConversion(const ValueMemory& to, const std::array<double, 3>& mean, const std::array<double, 3>& std);
    /// @param pixels uint8 [N, H, W, 3]
    void run(const std::uint8_t* pixels) const;

private:
    ValueMemory to_;
    int threads_;
    std::array<std::array<float, 256>, 3> table_{}; ///< by channel and byte: every result there is
};

} // namespace banyan
