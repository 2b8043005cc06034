#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace banyan {

/// Resamples that are worked on side by side: one lane each, so that the compiler can use vector instructions.
inline constexpr std::size_t kResampleLanes = 64;

template <typename T>
using ResampleLanes = std::array<T, kResampleLanes>;

/// How often each image was drawn in a block of bootstrap resamples: as many draws as there are images, with
/// replacement. Resample r is a function of (images, seed, r) alone.
class ImageResamples {
public:
    /// One block, of resamples first … first + kResampleLanes - 1.
    ImageResamples(std::size_t images, std::uint64_t seed, std::size_t first);

    std::size_t images() const { return counts_.size(); }
    const ResampleLanes<std::int32_t>& of(std::size_t image) const { return counts_[image]; }

private:
    std::vector<ResampleLanes<std::int32_t>> counts_; // [image][lane]
};

} // namespace banyan
