#include "engine/weight_store.h"

#include "core/check.h"

namespace banyan {

namespace {

dnnl::memory::desc plain(const dnnl::memory::dims& dims) {
    dnnl::memory::dims strides(dims.size(), 1);
    for (std::size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
    return {dims, dnnl::memory::data_type::f32, strides};
}

} // namespace

WeightStore::WeightStore(const HostTensors& tensors)
    : tensors_(tensors), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {}

const HostTensor& WeightStore::values(const std::string& name) const {
    const auto found = tensors_.find(name);
    BANYAN_CHECK(found != tensors_.end(), "engine: parameter \"", name, "\" has no value");
    return found->second;
}

dnnl::memory WeightStore::get(const std::string& name, const dnnl::memory::dims& dims,
                              const dnnl::memory::desc& wanted) {
    std::vector<dnnl::memory>& made = made_[name];
    for (const dnnl::memory& memory : made) {
        if (memory.get_desc() == wanted) return memory;
    }
    const HostTensor& tensor = values(name);
    const dnnl::memory::desc source = plain(dims);
    BANYAN_CHECK(source.get_size() == tensor.data.size() * sizeof(float), "engine: parameter \"", name, "\" has ",
                 tensor.data.size(), " numbers, its node needs ", source.get_size() / sizeof(float));
    dnnl::memory from(source, engine_, const_cast<float*>(tensor.data.data())); // oneDNN knows no constant memory
    dnnl::memory to(wanted, engine_);
    dnnl::reorder(from, to).execute(stream_, from, to);
    stream_.wait();
    return made.emplace_back(std::move(to));
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
