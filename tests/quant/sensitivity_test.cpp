#include "quant/sensitivity.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gmock/gmock.h>

#include "core/error.h"
#include "tests/quant/observed_network.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

const CalibrationPictures kCalibration{8, test::coloured_squares};
const std::vector<BranchOutputNames> kBranches{{"red", {"red.cls"}, {"red.box"}}, {"blue", {"blue.cls"}, {"blue.box"}}};

CalibratedNetwork calibrated(const GraphWithValues& network, const QuantizeOptions& options = {}) {
    return calibrate_network(network, test::picture_options(), kCalibration, options);
}

Sensitivity sensitivity_of(const CalibratedNetwork& network) {
    return measure_sensitivity(network, kBranches, test::picture_options(), kCalibration);
}

const LayerSensitivity& layer_of(const Sensitivity& sensitivity, const std::string& name) {
    const auto found = std::find_if(sensitivity.layers.begin(), sensitivity.layers.end(),
                                    [&](const LayerSensitivity& layer) { return layer.layer.name == name; });
    EXPECT_NE(found, sensitivity.layers.end()) << name;
    return *found;
}

TEST(QuantLayers, AreTheNodesOfOneWeight) {
    GraphBuilder b(test::kPictureSide, test::kPictureSide);
    ConvAttributes shared{.out_channels = 3, .bias = true};
    shared.parameters = "cls";
    const ValueId fine = b.conv(b.image(), "stem", {.out_channels = 3, .bias = true});
    b.output("y.p3", b.conv(fine, "cls.p3", shared));
    b.output("y.p4", b.conv(b.image(), "cls.p4", shared));
    QuantizeOptions options;
    options.keep_float = {"stem"};
    const CalibratedNetwork network = calibrated(test::with_random_values(b.build()), options);
    EXPECT_THAT(quant_layers(network), ElementsAre(QuantLayer{"cls", {"cls.p3", "cls.p4"}}));
}

TEST(MeasureSensitivity, TellsTheNoiseOfEachLayerInEachBranch) {
    const Sensitivity result = sensitivity_of(calibrated(test::with_random_values(test::two_branches())));
    ASSERT_THAT(result.layers, SizeIs(13));
    for (const LayerSensitivity& layer : result.layers) {
        const std::string& name = layer.layer.name;
        const bool in_red = !name.starts_with("branches.blue"), in_blue = !name.starts_with("branches.red");
        EXPECT_EQ(layer.branches.at(0).sum() > 0, in_red) << name;
        EXPECT_EQ(layer.branches.at(1).sum() > 0, in_blue) << name;
        EXPECT_LT(layer.branches.at(0).sum() + layer.branches.at(1).sum(), 0.1) << name;
    }
    EXPECT_GT(layer_of(result, "branches.red.cls").branches[0].classes, 0);
    EXPECT_EQ(layer_of(result, "branches.red.cls").branches[0].boxes, 0);
}

TEST(MeasureSensitivity, AddsUpToTheNoiseOfAll) {
    const Sensitivity result = sensitivity_of(calibrated(test::with_random_values(test::two_branches(), 3)));
    for (std::size_t branch = 0; branch < 2; ++branch) {
        double sum = 0;
        for (const LayerSensitivity& layer : result.layers) sum += layer.branches[branch].sum();
        EXPECT_LT(std::abs(10 * std::log10(sum / result.together[branch].sum())), 3) << branch;
    }
}

/// Squared errors over squared distances from channel means, of one output over all pictures.
double noise_of(const GraphWithValues& exact, const GraphWithValues& rounded, const std::string& name) {
    Engine first(std::make_shared<PackedNetwork>(exact), test::picture_options());
    Engine second(std::make_shared<PackedNetwork>(rounded), test::picture_options());
    std::vector<std::vector<double>> by_channel;
    double noise = 0, signal = 0;
    for (std::size_t picture = 0; picture < kCalibration.count; ++picture) {
        first.run(test::coloured_squares(picture).data());
        second.run(test::coloured_squares(picture).data());
        const EngineOutput a = first.output(name), b = second.output(name);
        const auto channels = static_cast<std::size_t>(a.shape.channels);
        by_channel.resize(channels);
        for (std::size_t i = 0; i < static_cast<std::size_t>(a.shape.height * a.shape.width) * channels; ++i) {
            by_channel[i % channels].push_back(double{a.data[i]});
            noise += std::pow(double{b.data[i]} - double{a.data[i]}, 2);
        }
    }
    for (const std::vector<double>& numbers : by_channel) {
        const double mean = std::accumulate(numbers.begin(), numbers.end(), 0.0) / static_cast<double>(numbers.size());
        for (const double number : numbers) signal += std::pow(number - mean, 2);
    }
    return noise / signal;
}

TEST(MeasureSensitivity, EqualsTheNetworkWithAllOthersInFloat) {
    const GraphWithValues network = test::with_random_values(test::two_branches(), 5);
    const CalibratedNetwork all = calibrated(network);
    for (const LayerSensitivity& layer : sensitivity_of(all).layers) {
        QuantizeOptions options;
        options.biases = BiasCorrection::none;
        for (const QuantLayer& other : quant_layers(all)) {
            if (other != layer.layer) options.keep_float.push_back(other.nodes.at(0));
        }
        const GraphWithValues alone = quantized_network(all, test::picture_options(), kCalibration, options);
        const double classes = noise_of(network, alone, "blue.cls"), boxes = noise_of(network, alone, "blue.box");
        EXPECT_NEAR(layer.branches[1].classes, classes, 0.01 * classes) << layer.layer.name;
        EXPECT_NEAR(layer.branches[1].boxes, boxes, 0.01 * boxes) << layer.layer.name;
    }
}

TEST(MeasureSensitivity, FindsTheLayerThatWasMadeBad) {
    GraphWithValues network = test::with_random_values(test::two_branches(), 2);
    // A large weight of an input that is always 0 makes the steps of all channels so large that the others vanish.
    network.tensors.at("trunk.2.pw.bias").data[0] = -1000;
    std::vector<float>& weights = network.tensors.at("branches.blue.tower.weight").data;
    for (std::size_t o = 0; o < 16; ++o) weights[o * 16] = 300;
    const Sensitivity result = sensitivity_of(calibrated(network));
    EXPECT_EQ(result.layers[ranked_layers(result, 1).front()].layer.name, "branches.blue.tower");
    EXPECT_NE(result.layers[ranked_layers(result, 0).front()].layer.name, "branches.blue.tower");
}

TEST(MeasureSensitivity, CountsItsRunsAndRefusesUnknownOutputs) {
    const CalibratedNetwork network = calibrated(test::with_random_values(test::two_branches()));
    std::size_t runs = 0, expected = 0;
    measure_sensitivity(network, kBranches, test::picture_options(), kCalibration,
                        [&](std::size_t done, std::size_t total) {
                            EXPECT_EQ(done, ++runs);
                            expected = total;
                        });
    EXPECT_EQ(runs, expected);
    EXPECT_EQ(runs, 7 + 2 + 1); // the trunk, the tower beside the other's, class and box outputs together, all
    test::expect_error<CheckError>(
        [&] {
            measure_sensitivity(network, {{"nose", {"nose.cls"}, {}}}, test::picture_options(), kCalibration);
        },
        {"nose.cls"});
}

} // namespace
} // namespace banyan
