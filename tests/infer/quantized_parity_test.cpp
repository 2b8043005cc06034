// The 8-bit kernels compute what the torch executor simulates.

#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "core/random.h"
#include "graph/pass_list.h"
#include "model/graph_module.h"
#include "quant/quantize_network.h"
#include "tests/infer/small_model.h"

namespace banyan {
namespace {

constexpr std::int64_t kSide = 64;
constexpr std::array<double, 3> kMean{127.5, 127.5, 127.5}, kStd{60, 60, 60};

std::vector<std::uint8_t> picture(std::size_t index) {
    Random random(index + 1);
    std::vector<std::uint8_t> pixels(kSide * kSide * 3);
    // Squares of one colour each: noise would average out in every layer.
    std::array<std::array<std::uint8_t, 3>, 64> colours{};
    for (auto& colour : colours) {
        for (std::uint8_t& channel : colour) channel = static_cast<std::uint8_t>(random.integer(0, 255));
    }
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        const std::size_t x = i / 3 % kSide, y = i / 3 / kSide;
        pixels[i] = colours[y / 8 * 8 + x / 8][i % 3];
    }
    return pixels;
}

using Outputs = std::map<std::string, at::Tensor>;

Outputs torch_outputs(const GraphWithValues& network, const std::vector<std::uint8_t>& pixels) {
    GraphModule module(network.graph);
    module.load_host(network.tensors);
    const at::Tensor bytes = at::tensor(at::ArrayRef<std::uint8_t>(pixels), at::kByte).view({1, kSide, kSide, 3});
    const at::Tensor mean = at::tensor(at::ArrayRef<double>(kMean), at::kDouble);
    const at::Tensor std = at::tensor(at::ArrayRef<double>(kStd), at::kDouble);
    const at::NoGradGuard no_grad;
    return module.run_outputs(((bytes.to(at::kDouble) - mean) / std).to(at::kFloat).permute({0, 3, 1, 2}));
}

EngineOptions engine_options() {
    EngineOptions options;
    options.mean = kMean;
    options.std = kStd;
    return options;
}

Outputs engine_outputs(const GraphWithValues& network, const std::vector<std::uint8_t>& pixels, bool fuse = true) {
    EngineOptions options = engine_options();
    options.fuse = fuse;
    Engine engine(std::make_shared<PackedNetwork>(network), options);
    engine.run(pixels.data());
    Outputs outputs;
    for (const auto& [name, value] : network.graph.outputs) {
        const EngineOutput output = engine.output(name);
        const std::vector<std::int64_t> sizes{1, output.shape.height, output.shape.width, output.shape.channels};
        // [N, H, W, C] -> [N, C, H, W]
        outputs[name] = at::from_blob(const_cast<float*>(output.data), sizes).permute({0, 3, 1, 2}).clone();
    }
    return outputs;
}

/// Root mean square distance over all outputs, each as a part of its standard deviation.
double distance(const Outputs& a, const Outputs& b) {
    double sum = 0;
    for (const auto& [name, expected] : b) {
        sum += ((a.at(name) - expected) / expected.std()).square().mean().item<double>();
    }
    return std::sqrt(sum / static_cast<double>(b.size()));
}

GraphWithValues small_network() {
    MultiTaskModel model(test::small_model_options());
    test::disturb(model);
    return apply_passes({model.module().graph(), model.module().to_host()});
}

struct Quantized {
    GraphWithValues network;
    std::vector<QuantizedValue> values;
};

Quantized quantized(const GraphWithValues& network, const QuantizeOptions& options = {}) {
    const CalibrationPictures pictures{12, picture};
    const CalibratedNetwork calibrated = calibrate_network(network, engine_options(), pictures, options);
    return {quantized_network(calibrated, engine_options(), pictures, options), calibrated.values};
}

QuantizeOptions by_method(RangeMethod method) {
    QuantizeOptions options;
    options.method = method;
    return options;
}

TEST(QuantizedEngine, ComputesWhatTheTorchExecutorSimulates) {
    const GraphWithValues network = small_network();
    const std::vector<std::uint8_t> pixels = picture(3);
    const GraphWithValues in_bytes = quantized(network, by_method(RangeMethod::mse)).network;
    const Outputs simulated = torch_outputs(in_bytes, pixels), exact = torch_outputs(network, pixels);
    const double lost = distance(simulated, exact);
    EXPECT_GT(lost, 0.005); // it did round
    EXPECT_LT(lost, 0.3);
    // A sum that lies between two steps may be rounded either way, and layers behind it carry that on.
    EXPECT_LT(distance(engine_outputs(in_bytes, pixels), simulated), 0.35 * lost);
    EXPECT_LT(distance(engine_outputs(in_bytes, pixels, /*fuse=*/false), simulated), 0.35 * lost);
}

TEST(QuantizedEngine, LosesLittleByEveryMethod) {
    const GraphWithValues network = small_network();
    const std::vector<std::uint8_t> pixels = picture(30); // not among the calibration's
    const Outputs exact = engine_outputs(network, pixels);
    for (const auto& [name, method] : range_method_names()) {
        const GraphWithValues in_bytes = quantized(network, by_method(method)).network;
        EXPECT_LT(distance(engine_outputs(in_bytes, pixels), exact), 0.4) << name;
    }
}

TEST(QuantizedEngine, KeepsPartsInFloatThatAreNamed) {
    const GraphWithValues network = small_network();
    QuantizeOptions options = by_method(RangeMethod::mse);
    options.keep_float = {"trunk", "branches.face"};
    const Quantized some = quantized(network, options);
    for (const QuantizedValue& value : some.values) EXPECT_FALSE(value.name.starts_with("branches.face")) << value.name;
    const std::vector<std::uint8_t> pixels = picture(3);
    const Outputs exact = torch_outputs(network, pixels), ours = engine_outputs(some.network, pixels);
    for (const auto& [name, expected] : exact) {
        const double error = ((ours.at(name) - expected).abs().max() / expected.abs().max()).item<double>();
        if (name.starts_with("face.")) {
            EXPECT_LT(error, 1e-4) << name;
        } else {
            EXPECT_GT(error, 1e-4) << name;
        }
    }
}

TEST(QuantizedEngine, CorrectsTheMeansThatRoundingShifts) {
    const GraphWithValues network = small_network();
    QuantizeOptions options = by_method(RangeMethod::mse);
    const Quantized with = quantized(network, options);
    options.biases = BiasCorrection::none;
    const Quantized without = quantized(network, options);
    const auto mean_shift = [&](const GraphWithValues& in_bytes) {
        double sum = 0;
        for (std::size_t i = 0; i < 12; ++i) {
            const Outputs exact = engine_outputs(network, picture(i)), rounded = engine_outputs(in_bytes, picture(i));
            for (const auto& [name, expected] : exact) {
                const at::Tensor shift = (rounded.at(name) - expected).mean({0, 2, 3}) / expected.std();
                sum += shift.square().mean().item<double>();
            }
        }
        return sum;
    };
    EXPECT_LT(mean_shift(with.network), mean_shift(without.network));
}

} // namespace
} // namespace banyan
