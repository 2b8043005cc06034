#include "engine/weight_store.h"

#include <algorithm>

#include "core/check.h"
#include "graph/quantized_weight.h"

namespace banyan {

namespace {

dnnl::memory::desc plain(const dnnl::memory::dims& dims) {
    dnnl::memory::dims strides(dims.size(), 1);
    for (std::size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
    return {dims, dnnl::memory::data_type::f32, strides};
}

} // namespace

int output_channel_mask(const dnnl::memory::dims& dims) {
    return dims.size() == 5 ? 3 : 1; // [groups, O / groups, I, k, k] or [O, I, k, k]
}

WeightStore::WeightStore(const HostTensors& tensors)
    : tensors_(tensors), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {}

const HostTensor& WeightStore::values(const std::string& name) const {
    const auto found = tensors_.find(name);
    BANYAN_CHECK(found != tensors_.end(), "engine: parameter \"", name, "\" has no value");
    return found->second;
}

dnnl::memory WeightStore::source(const std::string& name, const dnnl::memory::dims& dims) const {
    const HostTensor& tensor = values(name);
    const dnnl::memory::desc description = plain(dims);
    BANYAN_CHECK(description.get_size() == tensor.data.size() * sizeof(float), "engine: parameter \"", name, "\" has ",
                 tensor.data.size(), " numbers, its node needs ", description.get_size() / sizeof(float));
    return {description, engine_, const_cast<float*>(tensor.data.data())}; // oneDNN knows no constant memory
}

const dnnl::memory* WeightStore::find(const std::string& name, const dnnl::memory::desc& wanted) const {
    const auto found = made_.find(name);
    if (found == made_.end()) return nullptr;
    for (const dnnl::memory& memory : found->second) {
        if (memory.get_desc() == wanted) return &memory;
    }
    return nullptr;
}

dnnl::memory WeightStore::get(const std::string& name, const dnnl::memory::dims& dims,
                              const dnnl::memory::desc& wanted) {
    if (const dnnl::memory* made = find(name, wanted)) return *made;
    dnnl::memory from = source(name, dims), to(wanted, engine_);
    dnnl::reorder(from, to).execute(stream_, from, to);
    stream_.wait();
    return made_[name].emplace_back(std::move(to));
}

dnnl::memory WeightStore::get_quantized(const std::string& name, const dnnl::memory::dims& dims,
                                        const dnnl::memory::desc& wanted) {
    if (const dnnl::memory* made = find(name, wanted)) return *made;
    dnnl::memory from = source(name, dims), to(wanted, engine_), scales = channel_scales(name);
    dnnl::primitive_attr attributes;
    attributes.set_scales_mask(DNNL_ARG_DST, output_channel_mask(dims));
    const dnnl::reorder::primitive_desc description(from, to, attributes);
    dnnl::reorder(description)
        .execute(stream_, {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}, {DNNL_ARG_ATTR_SCALES | DNNL_ARG_DST, scales}});
    stream_.wait();
    return made_[name].emplace_back(std::move(to));
}

dnnl::memory WeightStore::channel_scales(const std::string& name) {
    const auto found = scales_.find(name);
    if (found != scales_.end()) return found->second;
    const std::vector<float> scales = banyan::channel_scales(name, values(name));
    const dnnl::memory memory(plain({static_cast<dnnl::memory::dim>(scales.size())}), engine_);
    std::copy(scales.begin(), scales.end(), static_cast<float*>(memory.get_data_handle()));
    return scales_[name] = memory;
}

dnnl::memory WeightStore::vector(const std::string& name) {
    const dnnl::memory::dims dims{static_cast<dnnl::memory::dim>(values(name).data.size())};
    return get(name, dims, plain(dims));
}

float WeightStore::number(const std::string& name) const {
    const HostTensor& tensor = values(name);
    BANYAN_CHECK(tensor.data.size() == 1, "engine: expected one number in \"", name, "\", found ", tensor.data.size());
    return tensor.data.front();
}

} // namespace banyan
