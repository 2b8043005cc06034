// What LibTorch makes of a network on a device is what the engine makes of it.

#include "model/torch_runner.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/cuda.h>

#include "core/error.h"
#include "engine/engine.h"
#include "graph/builder.h"
#include "graph/pass_list.h"
#include "infer/detector.h"
#include "kinds_of_network.h"
#include "model/cuda_device.h"
#include "model/device_network.h"
#include "model/graph_module.h"
#include "model/libtorch.h"
#include "small_model.h"
#include "support/expect_error.h"
#include "support/painted_image.h"
#include "support/temp_dir.h"

namespace banyan {
namespace {

using test::kBatch;
using test::kMean;
using test::kStd;
using test::Network;
using test::noise_image;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kNoGpu = "needs a GPU and a LibTorch with CUDA";

RunnerOptions runner_options(const Graph& graph, std::int64_t batch = kBatch) {
    const ValueShape& image = graph.value(graph.input).shape;
    RunnerOptions options;
    options.batch = batch;
    options.height = image.height;
    options.width = image.width;
    options.mean = kMean;
    options.std = kStd;
    return options;
}

/// Numbers of an output of all pictures of the runner's last run.
std::vector<float> numbers_of(const NetworkRunner& runner, const std::string& output, std::size_t per_image) {
    std::vector<float> numbers;
    for (std::int64_t image = 0; image < kBatch; ++image) {
        const float* first = runner.level(output, output, image).classes;
        numbers.insert(numbers.end(), first, first + per_image);
    }
    return numbers;
}

/// The errors of one runner against the exact numbers.
struct Errors {
    double worst = 0; ///< largest distance of any output, as a part of the output's largest number
    double mean = 0;  ///< root mean square distance over all outputs, each as a part of its standard deviation
};

Errors errors_of(const std::map<std::string, std::vector<float>>& actual,
                 const std::map<std::string, std::vector<float>>& expected) {
    Errors errors;
    for (const auto& [name, numbers] : expected) {
        double largest = 0, distance = 0, squares = 0, sum = 0, sum_of_squares = 0;
        const auto count = static_cast<double>(numbers.size());
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            const double exact = numbers[i], off = std::abs(exact - static_cast<double>(actual.at(name).at(i)));
            EXPECT_TRUE(std::isfinite(off)) << name;
            largest = std::max(largest, std::abs(exact));
            distance = std::max(distance, off);
            squares += off * off;
            sum += exact;
            sum_of_squares += exact * exact;
        }
        errors.worst = std::max(errors.worst, distance / largest);
        errors.mean += squares / (sum_of_squares - sum * sum / count);
    }
    errors.mean = std::sqrt(errors.mean / static_cast<double>(expected.size()));
    return errors;
}

class TorchRunnerParity : public testing::TestWithParam<Network> {
protected:
    using Numbers = std::map<std::string, std::vector<float>>; ///< by output, [N, H, W, C]

    TorchRunnerParity() : network_(apply_passes(test::with_values(GetParam().build()))) {
        const ValueShape& image = network_.graph.value(network_.graph.input).shape;
        pixels_ = test::random_pixels(image.height, image.width);
        exact_ = run_engine(NumberType::f32);
    }

    Numbers run_engine(NumberType precision) const {
        EngineOptions options;
        options.batch = kBatch;
        options.precision = precision;
        options.mean = kMean;
        options.std = kStd;
        Engine engine(std::make_shared<PackedNetwork>(network_), options);
        engine.run(pixels_.const_data_ptr<std::uint8_t>());
        Numbers numbers;
        for (const auto& [name, id] : network_.graph.outputs) {
            const EngineOutput output = engine.output(name);
            numbers[name] = {output.data, output.of_image(kBatch)};
        }
        return numbers;
    }

    Errors errors(at::Device device, at::ScalarType dtype) const {
        TorchRunner runner(network_, runner_options(network_.graph), device, dtype);
        runner.run(pixels_.const_data_ptr<std::uint8_t>());
        Numbers numbers;
        for (const auto& [name, exact] : exact_) numbers[name] = numbers_of(runner, name, exact.size() / kBatch);
        return errors_of(numbers, exact_);
    }

    /// 16 bits lose about what bfloat16 loses in the engine, whose outputs are float32, and in rounding these.
    void expect_near(at::Device device, at::ScalarType dtype) const {
        const double error = errors(device, dtype).mean, engines = errors_of(run_engine(NumberType::bf16), exact_).mean;
        Numbers rounded = exact_;
        for (auto& [name, numbers] : rounded) {
            for (float& number : numbers) number = static_cast<float>(c10::BFloat16(number));
        }
        const double rounding = errors_of(rounded, exact_).mean;
        EXPECT_GT(error, 1e-5); // it did compute in 16 bits
        EXPECT_LT(error, 2 * (engines + rounding)) << "the engine's: " << engines << ", of rounding: " << rounding;
    }

    GraphWithValues network_;
    at::Tensor pixels_;
    Numbers exact_;
};

TEST_P(TorchRunnerParity, OfFloat32IsOneTenThousandth) { EXPECT_LT(errors(at::kCPU, at::kFloat).worst, 1e-4); }

TEST_P(TorchRunnerParity, OfBfloat16IsNear) { expect_near(at::kCPU, at::kBFloat16); }

TEST_P(TorchRunnerParity, HoldsOnAGpu) {
    if (!torch::cuda::is_available()) {
        GTEST_SKIP() << kNoGpu;
    }
    EXPECT_LT(errors(at::Device(at::kCUDA, 0), at::kFloat).worst, 1e-4);
    expect_near(at::Device(at::kCUDA, 0), at::kBFloat16);
    expect_near(at::Device(at::kCUDA, 0), at::kHalf);
}

INSTANTIATE_TEST_SUITE_P(Networks, TorchRunnerParity, testing::ValuesIn(test::networks()),
                         [](const auto& network) { return test::test_name(network.param); });

GraphWithValues resnet18() {
    for (const Network& network : test::networks()) {
        if (network.name == backbone_name(BackboneType::resnet18))
            return apply_passes(test::with_values(network.build()));
    }
    ADD_FAILURE() << "no ResNet-18 among the networks";
    return {};
}

at::Tensor images_for(const Graph& graph, at::Device device) {
    const ValueShape& image = graph.value(graph.input).shape;
    const std::int64_t count = 3 * image.height * image.width;
    return at::arange(count, at::kFloat)
        .sin()
        .view({1, 3, image.height, image.width})
        .to(device)
        .contiguous(at::MemoryFormat::ChannelsLast);
}

TEST(DeviceNetwork, FusesEveryConvolutionOfAResNetThatEndsInRelu) {
    // The stem, the first convolution of each of the eight blocks, and the one in front of each block's sum.
    EXPECT_EQ(DeviceNetwork(resnet18(), at::kCPU, at::kFloat, /*fuse=*/true).fused_count(), 1U + 8U + 8U);
    EXPECT_EQ(DeviceNetwork(resnet18(), at::kCPU, at::kFloat, /*fuse=*/false).fused_count(), 0U);
}

TEST(DeviceNetwork, TakesApartWhatCudnnHasNoKernelFor) {
    DeviceNetwork fused(resnet18(), at::kCPU, at::kFloat, /*fuse=*/true);
    const DeviceNetwork plain(resnet18(), at::kCPU, at::kFloat, /*fuse=*/false);
    const at::Tensor images = images_for(plain.graph(), at::kCPU);
    const std::vector<at::Tensor> expected = plain.run(images), checked = fused.check_kernels(images);
    EXPECT_EQ(fused.fused_count(), 0U); // on the processor it has none
    const std::vector<at::Tensor> later = fused.run(images);
    ASSERT_EQ(expected.size(), checked.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_TRUE(at::equal(checked[i], expected[i]));
        EXPECT_TRUE(at::equal(later[i], expected[i]));
    }
}

TEST(DeviceNetwork, KeepsFusedConvolutionsOnAGpu) {
    if (!torch::cuda::is_available()) {
        GTEST_SKIP() << kNoGpu;
    }
    const at::Device gpu(at::kCUDA, 0);
    for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
        DeviceNetwork network(resnet18(), gpu, dtype, /*fuse=*/true);
        network.check_kernels(images_for(network.graph(), gpu).to(dtype));
        EXPECT_GT(network.fused_count(), 0U) << dtype;
    }
}

TEST(DeviceNetwork, RoundsTheWeightsThatMeetBytes) {
    GraphBuilder builder(32, 32);
    const ValueId rounded = builder.fake_quant(builder.image(), "round", {.scale = 0.05, .zero_point = 128});
    builder.output("both", builder.conv(rounded, "conv", {.out_channels = 4, .kernel = 3, .pad = 1, .bias = true}));
    const GraphWithValues network = test::with_values(builder.build());
    GraphModule module(network.graph);
    module.load_host(network.tensors);
    const DeviceNetwork device_network(network, at::kCPU, at::kFloat, /*fuse=*/true);
    const at::Tensor images = images_for(network.graph, at::kCPU);
    const at::NoGradGuard no_grad;
    const at::Tensor expected = module.run_outputs(images).at("both");
    EXPECT_TRUE(at::allclose(device_network.run(images).front(), expected, 1e-6, 1e-6));
}

TEST(DeviceNetwork, NeedsAValueOfEachParameter) {
    GraphWithValues network = resnet18();
    const std::string missing = network.tensors.begin()->first;
    network.tensors.erase(missing);
    expect_error<CheckError>([&] { DeviceNetwork(network, at::kCPU, at::kFloat, false); }, {missing});
}

TEST(TorchRunnerTest, SharesWeightsButNoResults) {
    const GraphWithValues network = apply_passes(test::with_random_values(test::every_operator().build()));
    TorchRunner first(network, runner_options(network.graph), at::kCPU, at::kFloat);
    const std::unique_ptr<NetworkRunner> second = first.another();
    const ValueShape& image = network.graph.value(network.graph.input).shape;
    const at::Tensor pixels = test::random_pixels(image.height, image.width), others = 255 - pixels;
    first.run(pixels.const_data_ptr<std::uint8_t>());
    const std::vector<float> before = numbers_of(first, "pose.logits", 5);
    second->run(others.const_data_ptr<std::uint8_t>());
    EXPECT_EQ(numbers_of(first, "pose.logits", 5), before);
    EXPECT_NE(numbers_of(*second, "pose.logits", 5), before);
    second->run(pixels.const_data_ptr<std::uint8_t>());
    EXPECT_EQ(numbers_of(*second, "pose.logits", 5), before);
}

TEST(TorchRunnerTest, RefusesWhatItCannotRun) {
    const GraphWithValues network = apply_passes(test::with_random_values(test::every_operator().build()));
    RunnerOptions options = runner_options(network.graph);
    expect_error<CheckError>([&] { TorchRunner(network, options, at::kCPU, at::kHalf); }, {"Half", "cpu"});
    options.batch = 0;
    expect_error<CheckError>([&] { TorchRunner(network, options, at::kCPU, at::kFloat); }, {"batch of 0"});
    options = runner_options(network.graph);
    const TorchRunner runner(network, options, at::kCPU, at::kFloat);
    expect_error<CheckError>([&] { runner.level("hand.cls.p3", "hand.box.p3", 0); }, {"hand.cls.p3"});
}

TEST(DeviceNamed, KnowsTheProcessorAndTheGpusThatAreThere) {
    EXPECT_TRUE(device_named("cpu").is_cpu());
    for (const std::string name : {"gpu", "cuda:", "cuda:x", "cuda:1x", "cuda:-1", "cuda:99999999999999999999", ""}) {
        expect_error<UsageError>([&] { device_named(name); }, {"device " + name, "cpu, cuda or cuda:N"});
    }
    if (torch::cuda::is_available()) {
        EXPECT_EQ(device_named("cuda"), at::Device(at::kCUDA, 0));
        expect_error<UsageError>([] { device_named("cuda:100"); }, {"no such GPU"});
    } else {
        const std::string reason = is_built_with_cuda() ? "no GPU is found" : "this build's LibTorch has no CUDA";
        expect_error<UsageError>([] { device_named("cuda"); }, {"device cuda", reason});
        expect_error<UsageError>([] { device_named("cuda:1"); }, {"device cuda:1", reason});
    }
}

TEST(DtypeFor, KeepsFloat32WhereItIsAskedFor) {
    EXPECT_EQ(dtype_for(Bf16::off, at::kCPU), at::kFloat);
    EXPECT_EQ(dtype_for(Bf16::on, at::kCPU), at::kBFloat16);
}

TEST(CudaReplayTest, SaysThatThereIsNoCuda) {
    if (is_built_with_cuda()) {
        GTEST_SKIP() << "this LibTorch has CUDA";
    }
    expect_error<UsageError>([] { CudaReplay(at::Device(at::kCUDA, 0), [] {}); }, {"no CUDA"});
    expect_error<UsageError>([] { cuda_facts(at::Device(at::kCUDA, 0)); }, {"no CUDA"});
}

/// The detector with LibTorch beside the one with the engine.
class TorchDetector : public testing::Test {
protected:
    DetectorOptions options(at::Device device, int batch = 1) const {
        DetectorOptions result = exact_;
        result.batch = batch;
        result.runner = [device](GraphWithValues network, const RunnerOptions& with) {
            return std::make_unique<TorchRunner>(std::move(network), with, device, dtype_for(with.bf16, device));
        };
        return result;
    }

    /// That a detector on the device finds what the engine finds, in more pictures than batches are large.
    void expect_the_engines_boxes(at::Device device, int batch) const {
        Detector engine(model_, exact_), torch(model_, options(device, batch));
        const std::vector<Image> images{noise_image(90, 60, 1), noise_image(64, 64, 2), noise_image(31, 90, 3)};
        const auto found = torch.detect(images), expected = engine.detect(images);
        for (std::size_t i = 0; i < images.size(); ++i) {
            ASSERT_THAT(expected[i], Not(IsEmpty()));
            ASSERT_EQ(found.at(i).size(), expected[i].size());
            for (std::size_t k = 0; k < expected[i].size(); ++k) {
                EXPECT_NEAR(found[i][k].score, expected[i][k].score, 1e-4F);
            }
            EXPECT_EQ(found[i][0].class_name, expected[i][0].class_name);
            EXPECT_NEAR(found[i][0].box.x0, expected[i][0].box.x0, 1e-2F);
            EXPECT_NEAR(found[i][0].box.y1, expected[i][0].box.y1, 1e-2F);
        }
    }

    TorchDetector() {
        exact_.bf16 = Bf16::off;
        exact_.score_threshold = 0.05;
    }

    test::TempDir dir_;
    std::string model_ = test::write_small_model(dir_.file("model.banyan.safetensors"));
    DetectorOptions exact_;
};

TEST_F(TorchDetector, FindsWhatTheEngineFinds) {
    expect_the_engines_boxes(at::kCPU, 1);
    expect_the_engines_boxes(at::kCPU, 2);
}

TEST_F(TorchDetector, StaysCloseInBfloat16WithoutEachPass) {
    const Image image = noise_image(64, 64, 9);
    const std::vector<Detection> fine = Detector(model_, exact_).detect(image);
    ASSERT_THAT(fine, Not(IsEmpty()));
    for (const GraphPass& pass : graph_passes()) {
        DetectorOptions half = options(at::kCPU);
        half.bf16 = Bf16::on;
        half.disabled_passes = {pass.name};
        Detector detector(model_, half);
        EXPECT_STREQ(detector.precision(), "bf16");
        const std::vector<Detection> rough = detector.detect(image);
        ASSERT_THAT(rough, Not(IsEmpty())) << pass.name;
        EXPECT_NEAR(rough[0].score, fine[0].score, 0.05F) << pass.name;
    }
}

TEST_F(TorchDetector, FindsOnAGpuWhatTheEngineFinds) {
    if (!torch::cuda::is_available()) {
        GTEST_SKIP() << kNoGpu;
    }
    expect_the_engines_boxes(at::Device(at::kCUDA, 0), 1);
    expect_the_engines_boxes(at::Device(at::kCUDA, 0), 2);
}

TEST_F(TorchDetector, SaysWhatRunsIt) {
    const Detector detector(model_, options(at::kCPU));
    EXPECT_EQ(detector.device(), "cpu");
    EXPECT_STREQ(detector.precision(), "fp32");
    EXPECT_FALSE(detector.has_engine());
    expect_error<CheckError>([&] { detector.engine(); }, {"LibTorch on cpu"});
    EXPECT_TRUE(Detector(model_, exact_).has_engine());
}

TEST_F(TorchDetector, GivesEachStreamARunnerOfItsOwn) {
    Detector first(model_, options(at::kCPU));
    Detector second = first.another_stream();
    const Image image = noise_image(90, 60, 4);
    const std::vector<Detection> found = second.detect(image), expected = first.detect(image);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].score, expected[i].score);
}

TEST_F(TorchDetector, KeepsTimesOfStagesButNotOfSteps) {
    StageTimes times;
    times.each_step = true;
    Detector(model_, options(at::kCPU)).detect(noise_image(64, 64, 5), times);
    EXPECT_GT(times.network, 0);
    EXPECT_THAT(times.steps, IsEmpty());
}

} // namespace
} // namespace banyan
