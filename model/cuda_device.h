#pragma once

#include <functional>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

namespace banyan {

// Everything here that needs CUDA's headers; no_cuda_device.cpp stands for cuda_device.cpp where LibTorch has no CUDA.

bool is_built_with_cuda();

/// What matters of a GPU.
struct CudaFacts {
    std::string name;
    bool has_bf16 = false; ///< in its tensor cores: compute capability 8.0 or higher
};
/// @throws UsageError LibTorch has no CUDA
CudaFacts cuda_facts(at::Device device);

/// Work on a GPU, recorded as a CUDA graph: a network is hundreds of kernels of a few microseconds, and launching them
/// one by one takes longer than they do. It has a stream of its own, so that several may run at a time.
class CudaReplay {
public:
    /// Runs the work a few times, in which cuDNN looks for its fastest kernels (float32 stays float32: no TF32), then
    /// records it.
    /// @param work reads and writes the same tensors each time, without waiting for the GPU or for the processor's data
    /// @throws UsageError LibTorch has no CUDA; c10::Error of CUDA
    CudaReplay(at::Device device, const std::function<void()>& work);
    ~CudaReplay();

    /// Two tensors of one type and size; that on the host is in pinned memory.
    struct Transfer {
        at::Tensor host, device;
    };
    /// Uploads, does the work, downloads, and waits for all of it. @throws c10::Error of CUDA
    void run(const Transfer& upload, const Transfer& download);

private:
    struct Recording;
    std::unique_ptr<Recording> recording_;
};

} // namespace banyan
