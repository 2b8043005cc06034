#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "graph/fold_batch_norm.h"
#include "heads/decode.h"

namespace banyan {

enum class Bf16 {
    automatic, ///< where the processor has instructions for it (core/cpu_features.h); on a GPU also float16
    off,
    on
};

/// What a runner is made for; another batch or size needs another runner.
struct RunnerOptions {
    std::int64_t batch = 1;             ///< pictures a run
    std::int64_t height = 0, width = 0; ///< of the network input in pixels
    Bf16 bf16 = Bf16::automatic;
    std::array<double, 3> mean{0, 0, 0}; ///< network input = (x - mean) / std, x in 0..255, RGB
    std::array<double, 3> std{1, 1, 1};
};

/// What runs a detector's network: the engine (infer/engine_runner.h) or LibTorch on a device (model/torch_runner.h).
/// Not thread-safe: take another() for each further thread.
class NetworkRunner {
public:
    virtual ~NetworkRunner() = default;

    /// @param pixels uint8 [batch, height, width, 3] RGB
    virtual void run(const std::uint8_t* pixels) = 0;
    /// The same with the time of each step added to `seconds`, if the runner knows steps.
    virtual void run_timed(const std::uint8_t* pixels, std::vector<double>& seconds) {
        static_cast<void>(seconds);
        run(pixels);
    }

    /// What the last run says of one level of one picture; valid until the next run.
    /// @param class_output, box_output names of graph outputs  @param image in [0, batch)
    /// @throws CheckError an unknown name
    virtual RawLevel level(const std::string& class_output, const std::string& box_output,
                           std::int64_t image) const = 0;

    /// One more like this, for another thread: the weights are shared, the memory of a run is not.
    virtual std::unique_ptr<NetworkRunner> another() const = 0;

    virtual std::string device() const = 0;    ///< "cpu"; "cuda:0 NVIDIA H100"
    virtual const char* precision() const = 0; ///< "fp32", "bf16" or "fp16"
};

/// Makes a runner of a network after the graph passes (graph/pass_list.h).
using RunnerMaker =
    std::function<std::unique_ptr<NetworkRunner>(GraphWithValues network, const RunnerOptions& options)>;

} // namespace banyan
