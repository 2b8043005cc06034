#include "core/error.h"
#include "model/cuda_device.h"

namespace banyan {

namespace {

UsageError no_cuda(const char* where) {
    return UsageError(ErrorText{where, "this build's LibTorch has no CUDA", "", "",
                                "build banyan with a CUDA build of LibTorch (Torch_DIR), or use --device cpu"});
}

} // namespace

bool is_built_with_cuda() { return false; }

CudaFacts cuda_facts(at::Device) { throw no_cuda("GPU"); }

struct CudaReplay::Recording {};

CudaReplay::CudaReplay(at::Device, const std::function<void()>&) { throw no_cuda("CUDA graph"); }
CudaReplay::~CudaReplay() = default;
void CudaReplay::run(const Transfer&, const Transfer&) { throw no_cuda("CUDA graph"); }

} // namespace banyan
