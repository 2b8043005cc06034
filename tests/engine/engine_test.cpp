#include "engine/engine.h"

#include <omp.h>

#include <filesystem>
#include <iterator>

#include <gmock/gmock.h>

#include "core/error.h"
#include "graph/pass_list.h"
#include "tests/graph/small_graphs.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

using test::expect_error;

std::vector<std::uint8_t> random_pixels(std::int64_t count, std::uint64_t seed) {
    Random random(seed);
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(count));
    for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(random.integer(0, 255));
    return pixels;
}

std::shared_ptr<PackedNetwork> every_operator_packed() {
    return std::make_shared<PackedNetwork>(apply_passes(test::with_random_values(test::every_operator().build())));
}

std::vector<float> numbers_of(const EngineOutput& output, std::int64_t image = 0) {
    const float* first = output.of_image(image);
    return {first, first + output.shape.height * output.shape.width * output.shape.channels};
}

TEST(Engine, ComputesAConvolutionByHand) {
    // 1x1 convolution of (R - 10) / 2, (G - 20) / 4, (B - 30) / 5 with weights 1, 2, 3 and bias 0.5, then relu6.
    GraphBuilder builder(1, 2);
    const ValueId conv = builder.conv(builder.image(), "c", {.out_channels = 1, .bias = true});
    builder.output("y", builder.activation(conv, "a", Activation::relu6));
    const HostTensors values{{"c.weight", {{1, 3, 1, 1}, {1, 2, 3}}}, {"c.bias", {{1}, {0.5F}}}};
    EngineOptions options;
    options.mean = {10, 20, 30};
    options.std = {2, 4, 5};
    Engine engine(std::make_shared<PackedNetwork>(GraphWithValues{builder.build(), values}), options);
    // Pixel 0: 1 * 1 + 2 * 1 + 3 * -1 + 0.5 = 0.5; pixel 1: 1 * 5 + 2 * 0 + 3 * 1 + 0.5 = 8.5, cut to 6.
    const std::vector<std::uint8_t> pixels{12, 24, 25, 20, 20, 35};
    engine.run(pixels.data());
    EXPECT_THAT(numbers_of(engine.output("y")), testing::ElementsAre(0.5F, 6.0F));
}

TEST(Engine, SelectsChannelsInEveryStorage) {
    // Bytes as they are: bfloat16 holds them exactly.
    for (const NumberType precision : {NumberType::f32, NumberType::bf16}) {
        for (const bool in_bytes : {false, true}) {
            GraphBuilder builder(1, 2);
            const ValueId image = in_bytes ? builder.fake_quant(builder.image(), "q", {1, 0}) : builder.image();
            builder.output("y", builder.select_channels(image, "s", {2, 0, 0, 1}));
            EngineOptions options;
            options.precision = precision;
            Engine engine(std::make_shared<PackedNetwork>(GraphWithValues{builder.build(), {}}), options);
            EXPECT_EQ(engine.steps()[1].type, in_bytes ? NumberType::u8 : precision);
            const std::vector<std::uint8_t> pixels{1, 200, 9, 4, 5, 6};
            engine.run(pixels.data());
            EXPECT_THAT(numbers_of(engine.output("y")), testing::ElementsAre(9, 1, 1, 200, 6, 4, 4, 5));
        }
    }
}

TEST(Engine, ComputesSoftmaxOfEachPixel) {
    GraphBuilder builder(1, 2);
    builder.output("y", builder.softmax(builder.image(), "s"));
    Engine engine(std::make_shared<PackedNetwork>(GraphWithValues{builder.build(), {}}), {});
    const std::vector<std::uint8_t> pixels{7, 7, 7, 0, 1, 255};
    engine.run(pixels.data());
    const std::vector<float> shares = numbers_of(engine.output("y"));
    for (int channel = 0; channel < 3; ++channel) EXPECT_NEAR(shares[static_cast<std::size_t>(channel)], 1 / 3.0, 1e-6);
    EXPECT_NEAR(shares[5], 1, 1e-6);
}

TEST(Engine, ComputesADilatedConvolutionByHand) {
    // One row of five pixels, weights 1 and 10 and 100 in the middle row, two pixels apart.
    GraphBuilder builder(1, 5);
    ConvAttributes conv{.out_channels = 1, .kernel = 3, .pad = 2};
    conv.dilation = 2;
    builder.output("y", builder.conv(builder.image(), "c", conv));
    HostTensor weight{{1, 3, 3, 3}, std::vector<float>(27, 0.0F)};
    weight.data[3] = 1;
    weight.data[4] = 10;
    weight.data[5] = 100;
    Engine engine(std::make_shared<PackedNetwork>(GraphWithValues{builder.build(), {{"c.weight", weight}}}), {});
    const std::vector<std::uint8_t> pixels{1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0, 5, 0, 0};
    engine.run(pixels.data());
    EXPECT_THAT(numbers_of(engine.output("y")), testing::ElementsAre(310, 420, 531, 42, 53));
}

TEST(Engine, GivesTheSameFusedAndSeparate) {
    const auto network = every_operator_packed();
    const std::vector<std::uint8_t> pixels = random_pixels(2 * 32 * 48 * 3, 1);
    EngineOptions options;
    options.batch = 2;
    options.mean = {127.5, 127.5, 127.5};
    options.std = {127.5, 127.5, 127.5};
    Engine fused(network, options);
    options.fuse = false;
    Engine separate(network, options);
    EXPECT_LT(fused.steps().size(), separate.steps().size());
    EXPECT_LT(fused.arena_bytes(), fused.value_bytes());
    for (int run = 0; run < 2; ++run) { // nothing of the first run may show in the second
        fused.run(pixels.data());
        separate.run(pixels.data());
        for (const auto& [name, value] : network->graph().outputs) {
            for (const std::int64_t image : {0, 1}) {
                const std::vector<float> a = numbers_of(fused.output(name), image);
                const std::vector<float> b = numbers_of(separate.output(name), image);
                ASSERT_EQ(a.size(), b.size());
                for (std::size_t i = 0; i < a.size(); ++i)
                    ASSERT_NEAR(a[i], b[i], 1e-4F * (1 + std::abs(b[i]))) << name;
            }
        }
    }
}

TEST(Engine, TreatsEachPictureOfABatchAsIfAlone) {
    const auto network = every_operator_packed();
    EngineOptions options;
    options.batch = 3;
    options.std = {255, 255, 255};
    Engine together(network, options);
    options.batch = 1;
    Engine alone(network, options);
    const std::vector<std::uint8_t> pixels = random_pixels(3 * 32 * 48 * 3, 2);
    together.run(pixels.data());
    for (std::int64_t image = 0; image < 3; ++image) {
        alone.run(pixels.data() + image * 32 * 48 * 3);
        const std::vector<float> a = numbers_of(together.output("face.cls.p3"), image);
        const std::vector<float> b = numbers_of(alone.output("face.cls.p3"));
        for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-4F * (1 + std::abs(b[i])));
    }
}

TEST(Engine, TakesOtherSizesThanTheGraphs) {
    EngineOptions options;
    options.height = 64;
    options.width = 32;
    Engine engine(every_operator_packed(), options);
    EXPECT_EQ(engine.output("face.cls.p3").shape, (ValueShape{2, 16, 8}));
    options.width = 1; // too small for the pooling
    expect_error<Error>([&] { Engine(every_operator_packed(), options); }, {"trunk.pool"});
}

TEST(Engine, TellsItsSteps) {
    Engine engine(every_operator_packed(), {});
    ASSERT_GT(engine.steps().size(), 3U);
    EXPECT_EQ(engine.steps()[0].operation, "normalise");
    EXPECT_EQ(engine.steps()[1].name, "trunk.stem.conv");
    EXPECT_EQ(engine.steps()[1].operation, "conv2d+relu");
    EXPECT_EQ(engine.steps()[1].macs, 16 * 24 * 8 * 27);
    std::vector<double> seconds;
    engine.run_timed(random_pixels(32 * 48 * 3, 3).data(), seconds);
    EXPECT_EQ(seconds.size(), engine.steps().size());
}

TEST(Engine, RunsOnTheThreadsItWasMadeFor) {
    const auto threads_here = [] {
        const std::filesystem::directory_iterator tasks("/proc/self/task");
        return std::distance(begin(tasks), end(tasks));
    };
    const int before = omp_get_max_threads();
    const auto threads_before = threads_here();
    EngineOptions options;
    options.threads = 1;
    Engine engine(every_operator_packed(), options);
    omp_set_num_threads(8); // more than any test before can have started
    engine.run(random_pixels(32 * 48 * 3, 1).data());
    EXPECT_EQ(omp_get_max_threads(), 8);
    omp_set_num_threads(before);
    EXPECT_EQ(threads_here(), threads_before);
}

TEST(Engine, RefusesWhatDoesNotFit) {
    EngineOptions options;
    options.batch = 0;
    expect_error<CheckError>([&] { Engine(every_operator_packed(), options); }, {"batch"});
    Engine engine(every_operator_packed(), {});
    expect_error<CheckError>([&] { engine.output("nose"); }, {"nose"});
    GraphWithValues network = apply_passes(test::with_random_values(test::every_operator().build()));
    network.tensors.erase("branches.face.scale.p3.scale");
    expect_error<CheckError>([&] { Engine(std::make_shared<PackedNetwork>(network), {}); }, {"branches.face.scale.p3"});
}

} // namespace
} // namespace banyan
