#include "eval/image_resamples.h"

#include "core/random.h"

namespace banyan {

ImageResamples::ImageResamples(std::size_t images, std::uint64_t seed, std::size_t first) : counts_(images) {
    if (images == 0) return;
    const auto last = static_cast<std::int64_t>(images) - 1;
    for (std::size_t lane = 0; lane < kResampleLanes; ++lane) {
        Random random(seed, first + lane);
        for (std::size_t i = 0; i < images; ++i) ++counts_[static_cast<std::size_t>(random.integer(0, last))][lane];
    }
}

} // namespace banyan
