// The engine as a worker of compare_engines.py (benchmarks/worker.h). A run takes the uint8 picture, as a user's does:
// that it becomes normalised numbers is within its time.

#include <algorithm>
#include <memory>
#include <utility>

#include "benchmarks/measured_network.h"
#include "benchmarks/worker.h"
#include "core/atomic_file.h"
#include "engine/engine.h"
#include "graph/onnx_export.h"

namespace {

using namespace banyan;

class CompiledEngine : public MeasuredEngine {
public:
    CompiledEngine(GraphWithValues network, const EngineOptions& options)
        : picture_(measured_picture(network.graph)),
          engine_(std::make_shared<PackedNetwork>(std::move(network)), options) {}

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

std::unique_ptr<MeasuredEngine> make_engine(const WorkerOptions& options) {
    MeasuredNetwork measured = measured_network(options.network);
    if (!options.onnx_path.empty()) export_network(measured, options.onnx_path);
    EngineOptions engine_options;
    engine_options.precision = options.bf16 ? NumberType::bf16 : NumberType::f32;
    engine_options.threads = options.threads;
    engine_options.mean = measured.preprocessing.mean;
    engine_options.std = measured.preprocessing.std;
    return std::make_unique<CompiledEngine>(std::move(measured.network), engine_options);
}

} // namespace

int main(int argc, char** argv) { return banyan::run_worker(argc, argv, make_engine); }
