// The engine as a worker of compare_engines.py (benchmarks/worker.h). A run takes the uint8 picture, as a user's does:
// that it becomes normalised numbers is within its time.

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "benchmarks/measured_network.h"
#include "benchmarks/worker.h"
#include "core/atomic_file.h"
#include "core/cpu_features.h"
#include "engine/engine.h"
#include "graph/onnx_export.h"
#include "quant/quantize_network.h"

namespace {

using namespace banyan;

constexpr std::size_t kCalibrationPictures = 16;

class CompiledEngine : public MeasuredEngine {
public:
    CompiledEngine(GraphWithValues network, const EngineOptions& options, std::vector<std::uint8_t> picture)
        : picture_(std::move(picture)), engine_(std::make_shared<PackedNetwork>(std::move(network)), options) {}

    std::string version() const override { return BANYAN_VERSION; }
    void run() override { engine_.run(picture_.data()); }

    std::vector<float> output(const std::string& name) const override {
        if (name == kImageName) return {picture_.begin(), picture_.end()};
        const EngineOutput found = engine_.output(name);
        return {found.data, found.of_image(found.batch)};
    }

private:
    std::vector<std::uint8_t> picture_;
    Engine engine_;
};

void export_network(const MeasuredNetwork& measured, const std::string& path) {
    OnnxExportOptions options;
    options.mean = measured.preprocessing.mean;
    options.std = measured.preprocessing.std;
    write_file_atomically(path, to_onnx(measured.network, options));
}

EngineOptions engine_options(const MeasuredNetwork& measured, int threads) {
    EngineOptions options;
    options.threads = threads;
    options.mean = measured.preprocessing.mean;
    options.std = measured.preprocessing.std;
    return options;
}

/// The network quantised as `banyan quantize` does it, unless it is already.
GraphWithValues in_bytes(const MeasuredNetwork& measured, const std::vector<std::vector<std::uint8_t>>& pictures,
                         int threads) {
    const std::vector<Node>& nodes = measured.network.graph.nodes;
    const bool is_quantized = std::any_of(nodes.begin(), nodes.end(), [](const Node& node) {
        return std::holds_alternative<FakeQuantAttributes>(node.attributes);
    });
    if (is_quantized) return measured.network;
    const CalibrationPictures calibration{pictures.size(), [&](std::size_t i) { return pictures[i]; }};
    return quantize_network(measured.network, engine_options(measured, threads), calibration);
}

std::unique_ptr<MeasuredEngine> make_engine(const WorkerOptions& options) {
    MeasuredNetwork measured = measured_network(options.network);
    const bool eight_bit = options.precision == WorkerPrecision::int8;
    const auto pictures =
        measured_pictures(measured.network.graph, options.pictures, eight_bit ? kCalibrationPictures : 1);
    if (eight_bit) measured.network = in_bytes(measured, pictures, options.threads);
    if (!options.onnx_path.empty()) export_network(measured, options.onnx_path);
    EngineOptions with = engine_options(measured, options.threads);
    const bool bf16 = options.precision == WorkerPrecision::bf16 || (eight_bit && has_fast_bf16());
    with.precision = bf16 ? NumberType::bf16 : NumberType::f32;
    return std::make_unique<CompiledEngine>(std::move(measured.network), with, pictures.front());
}

} // namespace

int main(int argc, char** argv) { return banyan::run_worker(argc, argv, make_engine); }
