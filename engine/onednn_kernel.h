#pragma once

#include <string>
#include <vector>

#include "engine/kernel.h"

namespace banyan {

/// A oneDNN primitive with its arguments.
class OneDnnKernel : public Kernel {
public:
    template <typename PrimitiveDescription>
    OneDnnKernel(const PrimitiveDescription& description, const dnnl::primitive& primitive)
        : primitive_(primitive), implementation_(description.impl_info_str()),
          scratch_(description.scratchpad_desc(), description.get_engine(), nullptr) {
        pass(DNNL_ARG_SCRATCHPAD, scratch_);
    }

    /// @param argument DNNL_ARG_SRC, …
    void pass(int argument, const dnnl::memory& memory);

    void run(const dnnl::stream& stream) override;
    std::string implementation() const override { return implementation_; }
    std::size_t scratch_bytes() const override { return scratch_.get_desc().get_size(); }
    void use_scratch(std::byte* memory) override { scratch_.set_data_handle(memory); }

private:
    dnnl::primitive primitive_;
    std::string implementation_;
    dnnl::memory scratch_;
    std::vector<dnnl::memory> memories_; ///< keeps alive what arguments_ points to
    std::vector<dnnl_exec_arg_t> arguments_;
};

dnnl::memory::data_type to_onednn(NumberType type);
/// [N, C, H, W] in NHWC order.
dnnl::memory::desc description_of(const ValueMemory& value);
dnnl::memory memory_of(const ValueMemory& value, const dnnl::engine& engine);

} // namespace banyan
