#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace banyan {

/// For tensors of which a step changes some output channels only (dimension 0), by parameter name: these channels,
/// ascending int64 on the CPU, at least one. Tensors that are not in it change as a whole.
using ActiveChannels = std::map<std::string, at::Tensor>;

/// The channels of `name`; undefined: all.
at::Tensor channels_of(const ActiveChannels& active, const std::string& name);

/// How often a tensor was updated: one number while all its channels go together, one a channel from the first update
/// on that leaves some out.
class ChannelCounts {
public:
    /// Channels that have the same count. `channels`: int64 on the CPU; undefined: all.
    struct Part {
        std::int64_t count = 0;
        at::Tensor channels;
    };

    /// Counts one update of `channels` (undefined: all) of a tensor of `size` channels. @return them with their new
    /// counts
    std::vector<Part> advance(const at::Tensor& channels, std::int64_t size);

    /// int64, a scalar or [size].
    at::Tensor to_tensor() const;
    /// @return false, and nothing is changed, if it is neither a scalar nor [size]
    bool load(const at::Tensor& counts, std::int64_t size);

private:
    std::vector<std::int64_t> counts_{0};
};

/// Rows `channels` of a tensor, its first dimension; the tensor itself where they are undefined.
at::Tensor take_channels(const at::Tensor& tensor, const at::Tensor& channels);
/// Puts back what take_channels has copied out; nothing to do where `channels` is undefined.
void put_channels(const at::Tensor& tensor, const at::Tensor& channels, const at::Tensor& values);

} // namespace banyan
