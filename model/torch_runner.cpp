#include "model/torch_runner.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
#include <utility>

#include <torch/cuda.h>

#include "core/check.h"
#include "core/cpu_features.h"
#include "core/error.h"
#include "model/cuda_device.h"
#include "model/device_network.h"
#include "model/libtorch.h"

namespace banyan {

namespace {

/// Where an output lies among the numbers of a run, [N, H, W, C].
struct Place {
    std::int64_t offset = 0;
    std::int64_t per_image = 0;
    std::vector<std::int64_t> sizes;
};

at::Tensor row_of(const std::array<double, 3>& numbers, at::Device device) {
    return at::tensor(at::ArrayRef<double>(numbers), at::kDouble).to(device, at::kFloat);
}

MemoryError out_of_memory(at::Device device) {
    return MemoryError(ErrorText{"network on " + device.str(), "out of memory", "", "",
                                 "use a smaller --batch or --side, or fewer --streams"});
}

} // namespace

/// What all runners of one network have in common.
struct TorchRunner::Shared {
    Shared(GraphWithValues given, const RunnerOptions& with, at::Device device, at::ScalarType dtype);

    /// uint8 [N, H, W, 3] -> network input [N, 3, H, W], channels innermost
    at::Tensor normalised(const at::Tensor& pixels) const {
        const at::Tensor scaled = at::addcmul(shifts, pixels.to(at::kFloat), scales);
        return scaled.to(network.dtype()).permute({0, 3, 1, 2});
    }
    const Place& place(const std::string& output) const {
        const auto found = places.find(output);
        BANYAN_CHECK(found != places.end(), "torch runner: the network has no output \"", output, "\"");
        return found->second;
    }

    RunnerOptions options;
    DeviceNetwork network;
    at::Tensor scales, shifts; ///< input = x * scale + shift, a number a channel
    std::map<std::string, Place> places;
    std::int64_t numbers = 0; ///< of all outputs
};

TorchRunner::Shared::Shared(GraphWithValues given, const RunnerOptions& with, at::Device device, at::ScalarType dtype)
    : options(with), network(std::move(given), device, dtype, device.is_cuda()) {
    std::array<double, 3> scale{}, shift{};
    for (std::size_t c = 0; c < 3; ++c) {
        scale[c] = 1.0 / with.std[c];
        shift[c] = -with.mean[c] / with.std[c];
    }
    scales = row_of(scale, device);
    shifts = row_of(shift, device);
    const at::Tensor pixels =
        at::zeros({with.batch, with.height, with.width, 3}, at::TensorOptions(at::kByte).device(device));
    const std::vector<at::Tensor> outputs = network.check_kernels(normalised(pixels));
    std::size_t next = 0;
    for (const auto& [name, id] : network.graph().outputs) {
        const at::Tensor& output = outputs[next++];
        const std::int64_t count = output.numel();
        // [N, C, H, W] -> [N, H, W, C]
        places[name] = {numbers, count / with.batch, output.permute({0, 2, 3, 1}).sizes().vec()};
        numbers += count;
    }
}

/// What one runner has for itself.
struct TorchRunner::Buffers {
    explicit Buffers(const Shared& shared);

    CudaReplay::Transfer pixels, results; ///< host and device are one tensor on the processor
    std::vector<at::Tensor> outputs;      ///< views of results.device, in the order of the graph's outputs
    std::unique_ptr<CudaReplay> replay;
};

TorchRunner::Buffers::Buffers(const Shared& shared) {
    const at::Device device = shared.network.device();
    const RunnerOptions& options = shared.options;
    const auto pair_of = [&](const std::vector<std::int64_t>& sizes, at::ScalarType dtype) {
        CudaReplay::Transfer pair;
        pair.device = at::zeros(sizes, at::TensorOptions(dtype).device(device));
        pair.host = device.is_cpu() ? pair.device : at::empty(sizes, at::TensorOptions(dtype).pinned_memory(true));
        return pair;
    };
    pixels = pair_of({options.batch, options.height, options.width, 3}, at::kByte);
    results = pair_of({shared.numbers}, at::kFloat);
    for (const auto& [name, id] : shared.network.graph().outputs) {
        const Place& place = shared.place(name);
        outputs.push_back(results.device.narrow(0, place.offset, place.per_image * options.batch).view(place.sizes));
    }
}

namespace {

/// @param outputs [N, H, W, C] each, which receive what the network makes
void compute(const DeviceNetwork& network, const at::Tensor& images, const std::vector<at::Tensor>& outputs) {
    const at::NoGradGuard no_gradient;
    const std::vector<at::Tensor> made = network.run(images);
    for (std::size_t i = 0; i < made.size(); ++i) outputs[i].copy_(made[i].permute({0, 2, 3, 1}));
}

} // namespace

TorchRunner::TorchRunner(GraphWithValues network, const RunnerOptions& options, at::Device device, at::ScalarType dtype)
    : TorchRunner([&] {
          BANYAN_CHECK(options.batch >= 1 && options.height >= 1 && options.width >= 1, "torch runner: a batch of ",
                       options.batch, " pictures of ", options.width, " x ", options.height);
          BANYAN_CHECK(dtype == at::kFloat || dtype == at::kBFloat16 || (dtype == at::kHalf && device.is_cuda()),
                       "torch runner: ", dtype, " on ", device, "; expected float32, bfloat16, or float16 on a GPU");
          const at::NoGradGuard no_gradient;
          try {
              return std::make_shared<const Shared>(std::move(network), options, device, dtype);
          } catch (const c10::OutOfMemoryError&) {
              throw out_of_memory(device);
          }
      }()) {}

TorchRunner::TorchRunner(std::shared_ptr<const Shared> shared) : shared_(std::move(shared)) {
    const at::Device device = shared_->network.device();
    const at::NoGradGuard no_gradient;
    try {
        buffers_ = std::make_unique<Buffers>(*shared_);
        if (!device.is_cuda()) return;
        buffers_->replay = std::make_unique<CudaReplay>(device, [this] {
            compute(shared_->network, shared_->normalised(buffers_->pixels.device), buffers_->outputs);
        });
    } catch (const c10::OutOfMemoryError&) {
        throw out_of_memory(device);
    }
}

TorchRunner::~TorchRunner() = default;

void TorchRunner::run(const std::uint8_t* pixels) {
    const at::Tensor& input = buffers_->pixels.host;
    std::memcpy(input.mutable_data_ptr<std::uint8_t>(), pixels, static_cast<std::size_t>(input.numel()));
    if (buffers_->replay) {
        buffers_->replay->run(buffers_->pixels, buffers_->results);
    } else {
        compute(shared_->network, shared_->normalised(input), buffers_->outputs);
    }
}

RawLevel TorchRunner::level(const std::string& class_output, const std::string& box_output, std::int64_t image) const {
    const float* numbers = buffers_->results.host.const_data_ptr<float>();
    const Place& classes = shared_->place(class_output);
    const Place& boxes = shared_->place(box_output);
    return {numbers + classes.offset + image * classes.per_image, numbers + boxes.offset + image * boxes.per_image};
}

std::unique_ptr<NetworkRunner> TorchRunner::another() const {
    return std::unique_ptr<NetworkRunner>(new TorchRunner(shared_));
}

std::string TorchRunner::device() const {
    const at::Device device = shared_->network.device();
    return device.is_cuda() ? device.str() + " " + cuda_facts(device).name : device.str();
}

const char* TorchRunner::precision() const {
    const at::ScalarType dtype = shared_->network.dtype();
    return dtype == at::kFloat ? "fp32" : dtype == at::kHalf ? "fp16" : "bf16";
}

at::Device device_named(const std::string& name) {
    const std::string where = "device " + name;
    if (name == "cpu") return at::Device(at::kCPU);
    int index = 0;
    const char* end = name.data() + name.size();
    if (name.starts_with("cuda:") && name.size() > 5 && name[5] != '-') {
        const auto [rest, fault] = std::from_chars(name.data() + 5, end, index);
        if (fault != std::errc() || rest != end) index = -1;
    } else if (name != "cuda") {
        index = -1;
    }
    if (index < 0) {
        throw UsageError(ErrorText{where, "unknown device", "cpu, cuda or cuda:N", "", ""});
    }
    if (!is_built_with_cuda()) {
        throw UsageError(ErrorText{where, "this build's LibTorch has no CUDA", "", "",
                                   "build banyan with a CUDA build of LibTorch (Torch_DIR), or use --device cpu"});
    }
    const int count = static_cast<int>(torch::cuda::device_count());
    if (count == 0)
        throw UsageError(ErrorText{where, "no GPU is found", "", "", "nvidia-smi lists those of the driver"});
    if (index >= count) {
        throw UsageError(ErrorText{where, "no such GPU", "cuda:0 to cuda:" + std::to_string(count - 1), "", ""});
    }
    return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

at::ScalarType dtype_for(Bf16 bf16, at::Device device) {
    if (bf16 == Bf16::off) return at::kFloat;
    if (bf16 == Bf16::on) return at::kBFloat16;
    if (device.is_cpu()) return has_fast_bf16() ? at::kBFloat16 : at::kFloat;
    return cuda_facts(device).has_bf16 ? at::kBFloat16 : at::kHalf;
}

} // namespace banyan
