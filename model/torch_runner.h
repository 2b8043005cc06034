#pragma once

#include <memory>
#include <string>

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include "network/network_runner.h"

namespace banyan {

/// Runs a detector's network by LibTorch on a device: weights laid out once (model/device_network.h), pictures uploaded
/// as bytes and normalised there, outputs downloaded at once as float32. On a GPU the whole is one CUDA graph
/// (model/cuda_device.h).
///
/// Goals: the least time for a picture, and the most pictures a second in batches, on a GPU. On the processor the
/// engine is faster; it runs there to be tested.
class TorchRunner : public NetworkRunner {
public:
    /// @param dtype float32, bfloat16 or, on a GPU, float16: what is computed in
    /// @throws ShapeError the network does not take pictures of this size; MemoryError; CheckError another type, or
    ///         options out of range
    TorchRunner(GraphWithValues network, const RunnerOptions& options, at::Device device, at::ScalarType dtype);
    ~TorchRunner() override;

    void run(const std::uint8_t* pixels) override;
    RawLevel level(const std::string& class_output, const std::string& box_output, std::int64_t image) const override;
    std::unique_ptr<NetworkRunner> another() const override;
    std::string device() const override;
    const char* precision() const override;

private:
    struct Shared;
    struct Buffers;
    explicit TorchRunner(std::shared_ptr<const Shared> shared);

    std::shared_ptr<const Shared> shared_; ///< network and layout of its outputs
    std::unique_ptr<Buffers> buffers_;
};

/// The device of a name: "cpu", "cuda" (the first GPU) or "cuda:N".
/// @throws UsageError LibTorch has no CUDA, there is no GPU or no such one, or another name
at::Device device_named(const std::string& name);

/// The type to compute in: bfloat16 where the device is fast in it, float16 on older GPUs, or float32.
at::ScalarType dtype_for(Bf16 bf16, at::Device device);

} // namespace banyan
