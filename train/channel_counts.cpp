#include "train/channel_counts.h"

#include "core/check.h"
#include "model/libtorch.h"

namespace banyan {

at::Tensor channels_of(const ActiveChannels& active, const std::string& name) {
    const auto found = active.find(name);
    return found == active.end() ? at::Tensor() : found->second;
}

std::vector<ChannelCounts::Part> ChannelCounts::advance(const at::Tensor& channels, std::int64_t size) {
    if (!channels.defined() && counts_.size() == 1) return {{++counts_.front(), {}}};
    if (counts_.size() == 1) counts_.assign(static_cast<std::size_t>(size), counts_.front());
    BANYAN_CHECK(static_cast<std::int64_t>(counts_.size()) == size, "channel counts: expected ", counts_.size(),
                 " channels, found ", size);
    const at::Tensor all = channels.defined() ? channels : at::arange(size, at::kLong);
    std::map<std::int64_t, std::vector<std::int64_t>> by_count;
    for (const std::int64_t channel :
         at::ArrayRef<std::int64_t>(all.const_data_ptr<std::int64_t>(), static_cast<std::size_t>(all.numel()))) {
        by_count[++counts_.at(static_cast<std::size_t>(channel))].push_back(channel);
    }
    std::vector<Part> parts;
    for (const auto& [count, list] : by_count) {
        const bool whole = static_cast<std::int64_t>(list.size()) == size;
        parts.push_back({count, whole ? at::Tensor() : at::tensor(at::ArrayRef<std::int64_t>(list), at::kLong)});
    }
    return parts;
}

at::Tensor ChannelCounts::to_tensor() const {
    if (counts_.size() == 1) return at::scalar_tensor(counts_.front(), at::kLong);
    return at::tensor(at::ArrayRef<std::int64_t>(counts_), at::kLong);
}

bool ChannelCounts::load(const at::Tensor& counts, std::int64_t size) {
    if (counts.dim() > 1 || (counts.dim() == 1 && counts.size(0) != size)) return false;
    const at::Tensor plain = counts.to(at::kCPU, at::kLong).contiguous();
    const auto* first = plain.const_data_ptr<std::int64_t>();
    counts_.assign(first, first + plain.numel());
    return true;
}

at::Tensor take_channels(const at::Tensor& tensor, const at::Tensor& channels) {
    return channels.defined() ? tensor.index_select(0, channels.to(tensor.device())) : tensor;
}

void put_channels(const at::Tensor& tensor, const at::Tensor& channels, const at::Tensor& values) {
    if (!channels.defined()) return;
    at::Tensor handle = tensor;
    handle.index_copy_(0, channels.to(tensor.device()), values);
}

} // namespace banyan
