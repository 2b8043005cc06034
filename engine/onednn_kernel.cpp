#include "engine/onednn_kernel.h"

#include "core/error.h"

namespace banyan {

void OneDnnKernel::pass(int argument, const dnnl::memory& memory) {
    memories_.push_back(memory);
    arguments_.push_back({argument, memory.get()});
}

void OneDnnKernel::run(const dnnl::stream& stream) {
    // The C function: dnnl::primitive::execute() would build a list of the arguments each time.
    const dnnl_status_t status =
        dnnl_primitive_execute(primitive_.get(), stream.get(), static_cast<int>(arguments_.size()), arguments_.data());
    if (status != dnnl_success) {
        throw Error("oneDNN: " + implementation_ + " failed with status " + std::to_string(status));
    }
}

dnnl::memory::data_type to_onednn(NumberType type) {
    switch (type) {
    case NumberType::bf16: return dnnl::memory::data_type::bf16;
    case NumberType::u8: return dnnl::memory::data_type::u8;
    case NumberType::f32: break;
    }
    return dnnl::memory::data_type::f32;
}

dnnl::memory::desc description_of(const ValueMemory& value) {
    return {{value.batch, value.shape.channels, value.shape.height, value.shape.width},
            to_onednn(value.storage.type),
            dnnl::memory::format_tag::nhwc};
}

dnnl::memory memory_of(const ValueMemory& value, const dnnl::engine& engine) {
    return {description_of(value), engine, value.data};
}

} // namespace banyan
