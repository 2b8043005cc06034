#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/output_cells.h"
#include "engine/storage.h"
#include "graph/fold_batch_norm.h"

namespace banyan {

/// What an engine is made for; another batch, size or thread count needs another engine.
struct EngineOptions {
    std::int64_t batch = 1;
    std::int64_t height = 0, width = 0;     ///< of the network input; 0: the graph's reference size
    NumberType precision = NumberType::f32; ///< f32 or bf16, of all that no fake_quant makes u8; outputs are f32
    int threads = 0;                        ///< of the kernels; 0: as OpenMP has it
    bool fuse = true;                       ///< operators that follow a convolution are computed with it
    std::array<double, 3> mean{0, 0, 0};    ///< network input = (x - mean) / std, x in 0..255, RGB
    std::array<double, 3> std{1, 1, 1};
    /// Outputs that are read by cells() only. Where a 1x1 convolution makes them it is not run, but computed at the
    /// cells that are asked for (engine/deferred_outputs.h): worth it where few are.
    std::vector<std::string> deferred;
};

/// Threads that kernels have where nothing is said: OMP_NUM_THREADS, or all cores.
int default_threads();

/// One step of an engine, for people.
struct EngineStep {
    std::string name;           ///< of its first node
    std::string operation;      ///< "conv2d+add+relu"
    std::string implementation; ///< kernel: "brgconv:avx512_core"
    NumberType type = NumberType::f32;
    ValueShape shape;          ///< of the result
    std::int64_t macs = 0;     ///< of the batch
    std::int64_t bytes = 0;    ///< read and written, weights included
    bool is_reference = false; ///< oneDNN has no fast kernel for it
};

/// An output of the network: float32 [N, H, W, C] in the engine's memory, valid until the next run.
struct EngineOutput {
    const float* data = nullptr;
    std::int64_t batch = 0;
    ValueShape shape;
    /// Numbers of one picture.
    const float* of_image(std::int64_t image) const {
        return data + image * shape.height * shape.width * shape.channels;
    }
};

/// The parameters of one network packed for kernels; engines made from one share the memory.
class PackedNetwork {
public:
    /// @param network after the graph passes (graph/pass_list.h)
    explicit PackedNetwork(GraphWithValues network);
    ~PackedNetwork();
    const Graph& graph() const;

private:
    friend class Engine;
    struct Content;
    std::unique_ptr<Content> content_;
};

/// A network compiled for one input shape: a flat list of oneDNN primitives over values that lie at fixed places of one
/// arena, channels innermost everywhere. run() allocates nothing.
///
/// Goals: the least time for one picture on few cores; every step visible. Non-goals: training, dynamic shapes.
/// Not thread-safe: make one engine a thread from one PackedNetwork; they may be made at the same time.
class Engine {
public:
    /// @throws ShapeError the network does not take pictures of this size; CheckError options out of range, a parameter
    ///         without a value; MemoryError. Steps that run on oneDNN's reference kernels are told in the log.
    Engine(std::shared_ptr<PackedNetwork> network, const EngineOptions& options);
    ~Engine();
    Engine(Engine&&) noexcept;
    Engine& operator=(Engine&&) noexcept;

    /// @param pixels uint8 [N, H, W, 3] RGB
    void run(const std::uint8_t* pixels);
    /// The same with the time of each step added to `seconds`, one number a step, that of the input's conversion first.
    void run_timed(const std::uint8_t* pixels, std::vector<double>& seconds);

    /// The same, showing every value as it is made: name and numbers [N, H, W, C]; values in bytes are not shown. What
    /// the observer changes of the numbers goes into what follows. For calibration.
    /// @throws CheckError the engine is not a float32 one
    using ValueObserver = std::function<void(const std::string& value, std::span<float> numbers)>;
    void run_observed(const std::uint8_t* pixels, const ValueObserver& observer);

    /// @throws CheckError an unknown name, or a deferred output
    EngineOutput output(const std::string& name) const;
    /// Any output, cell by cell. @throws CheckError an unknown name
    OutputCells cells(const std::string& name) const;

    const std::vector<EngineStep>& steps() const; ///< the conversion of the input first
    const Graph& graph() const;                   ///< after the passes, at the engine's input size
    int threads() const;
    std::size_t arena_bytes() const; ///< all values of a run
    std::size_t value_bytes() const; ///< what they would take if each had a place of its own

private:
    struct Plan;
    std::unique_ptr<Plan> plan_;
};

} // namespace banyan
