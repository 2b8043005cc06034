#include "engine/engine.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include <omp.h>

#include "core/check.h"
#include "core/log.h"
#include "engine/deferred_outputs.h"
#include "engine/input_conversion.h"
#include "engine/kernel_factory.h"
#include "engine/memory_plan.h"
#include "engine/program.h"
#include "engine/step_text.h"
#include "graph/shape_inference.h"

namespace banyan {

namespace {

/// Threads of the kernels that are made or run meanwhile: some of oneDNN's ask OpenMP again whenever they run.
class ThreadCount {
public:
    explicit ThreadCount(int count) : before_(omp_get_max_threads()) {
        if (count > 0) omp_set_num_threads(count);
    }
    ~ThreadCount() { omp_set_num_threads(before_); }
    ThreadCount(const ThreadCount&) = delete;
    ThreadCount& operator=(const ThreadCount&) = delete;

private:
    int before_;
};

/// Memory on a cache line, not initialised.
class AlignedBytes {
public:
    AlignedBytes() = default;
    explicit AlignedBytes(std::size_t bytes)
        : data_(static_cast<std::byte*>(::operator new(bytes + kBufferAlignment, kAlignment))) {}
    ~AlignedBytes() { ::operator delete(data_, kAlignment); }
    AlignedBytes(AlignedBytes&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
    AlignedBytes& operator=(AlignedBytes&& other) noexcept {
        std::swap(data_, other.data_);
        return *this;
    }
    std::byte* data() const { return data_; }

private:
    static constexpr std::align_val_t kAlignment{kBufferAlignment};
    std::byte* data_ = nullptr;
};

} // namespace

int default_threads() { return omp_get_max_threads(); }

struct PackedNetwork::Content {
    explicit Content(GraphWithValues given) : network(std::move(given)), weights(network.tensors) {}
    GraphWithValues network;
    WeightStore weights;
    std::mutex lock; ///< held while an engine is made
};

PackedNetwork::PackedNetwork(GraphWithValues network) : content_(std::make_unique<Content>(std::move(network))) {}
PackedNetwork::~PackedNetwork() = default;
const Graph& PackedNetwork::graph() const { return content_->network.graph; }

struct Engine::Plan {
    Plan(std::shared_ptr<PackedNetwork> network, const EngineOptions& options);

    ValueMemory place(ValueId value) const;
    ValueMemory output(const std::string& name) const;
    void place_values();
    void make_kernels(WeightStore& weights);
    void share_scratch();
    void make_cell_layers(WeightStore& weights);
    void warn_of_reference_kernels() const;
    /// Runs step by step, each to its end. @param after called behind each with its index in `steps`
    void run_stepwise(const std::uint8_t* pixels, const auto& after);

    std::shared_ptr<PackedNetwork> network;
    EngineOptions options;
    Program program;
    std::vector<std::size_t> offsets; ///< by value, in the arena; what has no place: kNowhere
    std::size_t arena_bytes = 0, value_bytes = 0;
    int threads = 0;
    AlignedBytes arena, scratch;
    std::optional<InputConversion> input;
    std::vector<std::unique_ptr<Kernel>> kernels; ///< one an operation
    std::vector<EngineStep> steps;
    std::map<std::string, DeferredOutput> deferred;
    std::map<std::string, std::shared_ptr<const CellLayer>> cell_layers; ///< by deferred output
    dnnl::stream stream;

    static constexpr std::size_t kNowhere = ~std::size_t{0};
};

Engine::Plan::Plan(std::shared_ptr<PackedNetwork> given, const EngineOptions& engine_options)
    : network(std::move(given)), options(engine_options) {
    BANYAN_CHECK(options.batch >= 1, "engine: expected a batch of at least 1, found ", options.batch);
    BANYAN_CHECK(options.precision != NumberType::u8, "engine: values are u8 where a fake_quant says so");
    const ValueShape& reference = network->graph().value(network->graph().input).shape;
    if (options.height == 0) options.height = reference.height;
    if (options.width == 0) options.width = reference.width;
    DeferredGraph cut = defer_outputs(resized(network->graph(), options.height, options.width), options.deferred);
    deferred = std::move(cut.outputs);
    std::set<std::string> as_stored;
    for (const auto& [name, output] : deferred) as_stored.insert(name);
    const std::vector<FusionGroup> groups = options.fuse ? fuse_operators(cut.graph) : separate_operators(cut.graph);
    program = make_program(std::move(cut.graph), groups, options.precision, as_stored);
    place_values();

    const ThreadCount kernel_threads(options.threads);
    threads = omp_get_max_threads();
    const std::lock_guard lock(network->content_->lock);
    WeightStore& weights = network->content_->weights;
    stream = dnnl::stream(weights.engine());
    input.emplace(place(program.graph.input), options.mean, options.std);
    steps.push_back(input_step(place(program.graph.input)));
    make_kernels(weights);
    share_scratch();
    make_cell_layers(weights);
    warn_of_reference_kernels();
}

ValueMemory Engine::Plan::place(ValueId value) const {
    const auto index = static_cast<std::size_t>(value);
    BANYAN_ASSERT(offsets[index] != kNowhere, "engine: value ", program.value(value).name, " has no place");
    return {arena.data() + offsets[index], program.value(value).storage, options.batch, program.value(value).shape};
}

/// A buffer for each value that is not written over another; the picture is there from the start.
void Engine::Plan::place_values() {
    const std::vector<int> last = last_uses(program);
    std::vector<BufferLife> buffers;
    std::vector<std::size_t> buffer_of(program.values.size(), kNowhere);
    const auto add_value = [&](ValueId value, int step, ValueId in_memory_of) {
        const auto index = static_cast<std::size_t>(value);
        const ProgramValue& stored = program.value(value);
        const std::size_t bytes = ValueMemory{nullptr, stored.storage, options.batch, stored.shape}.bytes();
        const int until = std::max(step, last[index]);
        value_bytes += bytes;
        if (in_memory_of >= 0) {
            buffer_of[index] = buffer_of[static_cast<std::size_t>(in_memory_of)];
            buffers[buffer_of[index]].last = until;
        } else {
            buffer_of[index] = buffers.size();
            buffers.push_back({bytes, step, until});
        }
    };
    add_value(program.graph.input, -1, -1);
    for (int step = 0; step < static_cast<int>(program.operations.size()); ++step) {
        const Operation& operation = program.operations[static_cast<std::size_t>(step)];
        add_value(operation.output, step, overwritten_value(operation));
    }
    const MemoryPlan plan = plan_memory(buffers);
    arena_bytes = plan.bytes;
    arena = AlignedBytes(plan.bytes);
    for (const std::size_t buffer : buffer_of) offsets.push_back(buffer == kNowhere ? kNowhere : plan.offsets[buffer]);
}

void Engine::Plan::make_kernels(WeightStore& weights) {
    const ValuePlaces places = [this](ValueId value) { return place(value); };
    for (const Operation& operation : program.operations) {
        kernels.push_back(make_kernel(program.graph, operation, places, weights));
        steps.push_back(step_of(program, operation, options.batch, *kernels.back()));
    }
}

void Engine::Plan::share_scratch() {
    std::size_t bytes = 0;
    for (const auto& kernel : kernels) bytes = std::max(bytes, kernel->scratch_bytes());
    scratch = AlignedBytes(bytes);
    for (const auto& kernel : kernels) kernel->use_scratch(scratch.data());
}

void Engine::Plan::make_cell_layers(WeightStore& weights) {
    for (const auto& [name, output] : deferred) {
        const float scale = output.scale.empty() ? 1 : weights.number(output.scale + ".scale");
        const auto outputs = static_cast<std::size_t>(output.shape.channels);
        const std::vector<float>& stored = weights.numbers(output.convolution + ".weight"); // [O, I]
        CellLayer layer{stored.size() / outputs, outputs, std::vector<float>(stored.size()), {}};
        for (std::size_t o = 0; o < outputs; ++o) {
            for (std::size_t i = 0; i < layer.inputs; ++i) {
                layer.weights[i * outputs + o] = stored[o * layer.inputs + i] * scale;
            }
        }
        layer.biases.resize(outputs, 0.0F);
        if (output.bias) {
            const std::vector<float>& biases = weights.numbers(output.convolution + ".bias");
            for (std::size_t o = 0; o < outputs; ++o) layer.biases[o] = biases.at(o) * scale;
        }
        cell_layers[name] = std::make_shared<const CellLayer>(std::move(layer));
    }
}

void Engine::Plan::warn_of_reference_kernels() const {
    std::string names;
    int count = 0;
    for (const EngineStep& step : steps) {
        if (!step.is_reference) continue;
        if (++count <= 3) names += (names.empty() ? "" : ", ") + step.name;
    }
    if (count == 0) return;
    log_warning("engine: " + std::to_string(count) +
                " steps have no fast kernel on this processor and run on oneDNN's "
                "slow reference ones: " +
                names + (count > 3 ? ", …" : "") +
                (options.precision == NumberType::bf16 ? "; float32 may be faster" : ""));
}

void Engine::Plan::run_stepwise(const std::uint8_t* pixels, const auto& after) {
    const ThreadCount kernel_threads(threads);
    input->run(pixels);
    after(std::size_t{0});
    for (std::size_t i = 0; i < kernels.size(); ++i) {
        kernels[i]->run(stream);
        stream.wait();
        after(i + 1);
    }
}

Engine::Engine(std::shared_ptr<PackedNetwork> network, const EngineOptions& options)
    : plan_(std::make_unique<Plan>(std::move(network), options)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::run(const std::uint8_t* pixels) {
    const ThreadCount kernel_threads(plan_->threads);
    plan_->input->run(pixels);
    for (const auto& kernel : plan_->kernels) kernel->run(plan_->stream);
    plan_->stream.wait();
}

void Engine::run_timed(const std::uint8_t* pixels, std::vector<double>& seconds) {
    using Clock = std::chrono::steady_clock;
    seconds.resize(plan_->steps.size(), 0.0);
    auto start = Clock::now();
    plan_->run_stepwise(pixels, [&](std::size_t step) {
        const auto now = Clock::now();
        seconds[step] += std::chrono::duration<double>(now - start).count();
        start = now;
    });
}

void Engine::run_observed(const std::uint8_t* pixels, const ValueObserver& observer) {
    BANYAN_CHECK(plan_->options.precision == NumberType::f32, "engine: values can be observed in float32 only");
    const Program& program = plan_->program;
    plan_->run_stepwise(pixels, [&](std::size_t step) {
        const ValueId value = step == 0 ? program.graph.input : program.operations[step - 1].output;
        const ValueMemory memory = plan_->place(value);
        if (memory.storage.type != NumberType::f32) return;
        auto* numbers = reinterpret_cast<float*>(memory.data);
        observer(program.value(value).name, {numbers, static_cast<std::size_t>(memory.count())});
    });
}

ValueMemory Engine::Plan::output(const std::string& name) const {
    const auto found = program.outputs.find(name);
    BANYAN_CHECK(found != program.outputs.end(), "engine: the network has no output \"", name, "\"");
    return place(found->second);
}

EngineOutput Engine::output(const std::string& name) const {
    BANYAN_CHECK(!plan_->deferred.contains(name), "engine: output \"", name, "\" is deferred: read its cells");
    const ValueMemory memory = plan_->output(name);
    return {reinterpret_cast<const float*>(memory.data), memory.batch, memory.shape};
}

OutputCells Engine::cells(const std::string& name) const {
    const auto layer = plan_->cell_layers.find(name);
    return {plan_->output(name), layer == plan_->cell_layers.end() ? nullptr : layer->second};
}

const std::vector<EngineStep>& Engine::steps() const { return plan_->steps; }
const Graph& Engine::graph() const { return plan_->program.graph; }
int Engine::threads() const { return plan_->threads; }
std::size_t Engine::arena_bytes() const { return plan_->arena_bytes; }
std::size_t Engine::value_bytes() const { return plan_->value_bytes; }

} // namespace banyan
