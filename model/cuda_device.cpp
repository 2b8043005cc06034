#include "model/cuda_device.h"

#include <ATen/Context.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "model/libtorch.h"

namespace banyan {

namespace {

constexpr int kWarmUps = 3; // cuDNN's choice and what libraries allocate once are settled after the first

/// cuDNN's settings, which are the process's, as recording wants them; those before come back at the end.
class RecordingSettings {
public:
    RecordingSettings() {
        at::globalContext().setBenchmarkCuDNN(true);
        at::globalContext().setAllowTF32CuDNN(false);
    }
    ~RecordingSettings() {
        at::globalContext().setBenchmarkCuDNN(benchmark_);
        at::globalContext().setAllowTF32CuDNN(tf32_);
    }
    RecordingSettings(const RecordingSettings&) = delete;
    RecordingSettings& operator=(const RecordingSettings&) = delete;

private:
    bool benchmark_ = at::globalContext().benchmarkCuDNN();
    bool tf32_ = at::globalContext().allowTF32CuDNN();
};

} // namespace

bool is_built_with_cuda() { return true; }

CudaFacts cuda_facts(at::Device device) {
    cudaDeviceProp properties{};
    C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, device.index()));
    return {properties.name, properties.major >= 8};
}

struct CudaReplay::Recording {
    explicit Recording(at::Device device)
        : stream(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index())) {}

    c10::cuda::CUDAStream stream;
    at::cuda::CUDAGraph graph;
};

CudaReplay::CudaReplay(at::Device device, const std::function<void()>& work) {
    const c10::cuda::CUDAGuard on_device(device);
    c10::cuda::device_synchronize(); // the work's tensors were made in another stream
    recording_ = std::make_unique<Recording>(device);
    const c10::cuda::CUDAStreamGuard in_stream(recording_->stream);
    const RecordingSettings settings;
    for (int i = 0; i < kWarmUps; ++i) work();
    recording_->stream.synchronize();
    // Other threads may go on with CUDA meanwhile: only what this one does is recorded.
    recording_->graph.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
    work();
    recording_->graph.capture_end();
}

CudaReplay::~CudaReplay() = default;

void CudaReplay::run(const Transfer& upload, const Transfer& download) {
    const c10::cuda::CUDAStreamGuard in_stream(recording_->stream);
    upload.device.copy_(upload.host, /*non_blocking=*/true);
    recording_->graph.replay();
    download.host.copy_(download.device, /*non_blocking=*/true);
    recording_->stream.synchronize();
}

} // namespace banyan
