#include "quant/bias_correction.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/error.h"
#include "quant/quantize_network.h"
#include "tests/quant/observed_network.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

constexpr std::size_t kPictures = 12;
const CalibrationPictures kCalibration{kPictures, test::coloured_squares};

using Means = std::map<std::string, std::vector<double>>;

/// Channel means of all outputs over the pictures.
Means output_means(const GraphWithValues& network, const CalibrationPictures& pictures) {
    Engine engine(std::make_shared<PackedNetwork>(network), test::picture_options());
    Means means;
    for (std::size_t i = 0; i < pictures.count; ++i) {
        engine.run(pictures.pixels(i).data());
        for (const auto& [name, value] : network.graph.outputs) {
            const EngineOutput output = engine.output(name);
            const auto channels = static_cast<std::size_t>(output.shape.channels);
            const auto pixels = static_cast<std::size_t>(output.shape.height * output.shape.width);
            means[name].resize(channels, 0.0);
            for (std::size_t n = 0; n < pixels * channels; ++n) {
                means[name][n % channels] += double{output.data[n]} / static_cast<double>(pixels * pictures.count);
            }
        }
    }
    return means;
}

double distance(const Means& a, const Means& b) {
    double sum = 0;
    for (const auto& [name, means] : a) {
        for (std::size_t c = 0; c < means.size(); ++c) sum += std::pow(means[c] - b.at(name)[c], 2);
    }
    return std::sqrt(sum);
}

/// How far the output means of the network in 8 bits are from the exact ones.
double mean_shift(const GraphWithValues& network, BiasCorrection biases, const CalibrationPictures& judged) {
    QuantizeOptions options;
    options.biases = biases;
    const CalibratedNetwork calibrated = calibrate_network(network, test::picture_options(), kCalibration, options);
    const GraphWithValues rounded = quantized_network(calibrated, test::picture_options(), kCalibration, options);
    return distance(output_means(network, judged), output_means(rounded, judged));
}

TEST(CorrectBiasesInOrder, LeavesNoShiftOnTheCalibrationPictures) {
    for (const std::uint64_t seed : {1, 2, 3}) {
        const GraphWithValues network = test::with_random_values(test::two_branches(), seed);
        const double without = mean_shift(network, BiasCorrection::none, kCalibration);
        EXPECT_LT(mean_shift(network, BiasCorrection::sequential, kCalibration), 0.02 * without) << seed;
    }
}

TEST(CorrectBiasesInOrder, HelpsOnOtherPicturesMoreThanTheAnalyticOne) {
    const CalibrationPictures others{kPictures, [](std::size_t i) { return test::coloured_squares(100 + i); }};
    double none = 0, analytic = 0, sequential = 0;
    for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
        const GraphWithValues network = test::with_random_values(test::two_branches(), seed);
        none += mean_shift(network, BiasCorrection::none, others);
        analytic += mean_shift(network, BiasCorrection::analytic, others);
        sequential += mean_shift(network, BiasCorrection::sequential, others);
    }
    EXPECT_LT(analytic, none);
    EXPECT_LT(sequential, analytic);
}

/// Two nodes of one bias that read the same value: each is off by the same, and the bias gets it once.
TEST(CorrectBiasesInOrder, GivesASharedBiasTheMeanOfItsNodes) {
    GraphBuilder b(test::kPictureSide, test::kPictureSide);
    ConvAttributes shared{.out_channels = 4, .bias = true};
    shared.parameters = "shared";
    b.output("y.p3", b.conv(b.image(), "first", shared));
    b.output("y.p4", b.conv(b.image(), "second", shared));
    const GraphWithValues network = test::with_random_values(b.build());
    EXPECT_LT(mean_shift(network, BiasCorrection::sequential, kCalibration),
              0.02 * mean_shift(network, BiasCorrection::none, kCalibration));
}

TEST(CorrectBiasesInOrder, RefusesNoPictures) {
    const GraphWithValues network = test::with_random_values(test::two_branches());
    GraphWithValues rounded = network;
    test::expect_error<CheckError>(
        [&] {
            correct_biases_in_order(network, test::picture_options(), {0, test::coloured_squares}, rounded);
        },
        {"no pictures"});
}

} // namespace
} // namespace banyan
