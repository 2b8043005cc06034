// LibTorch as a worker of compare_engines.py (benchmarks/worker.h): operators one by one, as MultiTaskModel runs them,
// of the network after the graph passes. The picture is normalised and converted outside the runs.

#include <memory>
#include <utility>

#include <ATen/Parallel.h>
#include <torch/version.h>

#include "benchmarks/measured_network.h"
#include "benchmarks/worker.h"
#include "core/check.h"
#include "core/error.h"
#include "model/graph_module.h"
#include "model/libtorch.h"

namespace {

using namespace banyan;

/// [1, C, H, W] -> [1, H, W, C]
std::vector<float> channels_last_numbers(const at::Tensor& value) {
    const at::Tensor numbers = value.to(at::kFloat).permute({0, 2, 3, 1}).contiguous();
    const float* first = numbers.const_data_ptr<float>();
    return {first, first + numbers.numel()};
}

class EagerNetwork : public MeasuredEngine {
public:
    EagerNetwork(const MeasuredNetwork& measured, at::ScalarType type, const std::string& pictures)
        : module_(measured.network.graph, {.dtype = type}) {
        module_.load_host(measured.network.tensors);
        const ValueShape& shape = module_.graph().value(module_.graph().input).shape;
        std::vector<std::uint8_t> pixels = measured_pictures(module_.graph(), pictures, 1).front();
        picture_ = at::from_blob(pixels.data(), {1, shape.height, shape.width, kImageChannels}, at::kByte)
                       .permute({0, 3, 1, 2}) // [1, H, W, 3] -> [1, 3, H, W]
                       .to(at::kFloat);
        const std::vector<double> mean(measured.preprocessing.mean.begin(), measured.preprocessing.mean.end());
        const std::vector<double> std(measured.preprocessing.std.begin(), measured.preprocessing.std.end());
        const auto by_channel = [](const std::vector<double>& numbers) {
            return at::tensor(numbers, at::kFloat).view({1, kImageChannels, 1, 1});
        };
        input_ = ((picture_ - by_channel(mean)) / by_channel(std)).to(type).contiguous(at::MemoryFormat::ChannelsLast);
    }

    std::string version() const override { return TORCH_VERSION; }

    void run() override {
        const c10::InferenceMode no_autograd;
        outputs_ = module_.run_outputs(input_);
    }

    std::vector<float> output(const std::string& name) const override {
        if (name == kImageName) return channels_last_numbers(picture_);
        const auto found = outputs_.find(name);
        BANYAN_CHECK(found != outputs_.end(), "torch worker: no run has made an output \"", name, "\"");
        return channels_last_numbers(found->second);
    }

private:
    GraphModule module_;
    at::Tensor picture_, input_;
    std::map<std::string, at::Tensor> outputs_;
};

std::unique_ptr<MeasuredEngine> make_engine(const WorkerOptions& options) {
    if (!options.onnx_path.empty()) throw UsageError("--onnx: only the engine's worker writes ONNX files");
    if (options.precision == WorkerPrecision::int8) throw UsageError("--precision: LibTorch runs fp32 and bf16 only");
    at::set_num_threads(options.threads);
    at::set_num_interop_threads(1);
    return std::make_unique<EagerNetwork>(measured_network(options.network),
                                          options.precision == WorkerPrecision::bf16 ? at::kBFloat16 : at::kFloat,
                                          options.pictures);
}

} // namespace

int main(int argc, char** argv) { return banyan::run_worker(argc, argv, make_engine); }
