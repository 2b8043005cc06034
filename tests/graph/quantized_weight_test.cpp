#include "graph/quantized_weight.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

HostTensor random_weight(const std::vector<std::int64_t>& shape, std::uint64_t seed) {
    Random random(seed);
    HostTensor weight{shape, {}};
    for (std::int64_t i = 0; i < weight.count(); ++i) weight.data.push_back(static_cast<float>(random.normal()));
    return weight;
}

TEST(QuantizeWeight, GivesEachOutputChannelItsScale) {
    const QuantizedWeight quantized = quantize_weight("w", {{3, 1, 1, 2}, {127, -64, 0, 0, -0.5F, 0.25F}});
    EXPECT_EQ(quantized.scales, (std::vector<float>{1, 1, 0.5F / 127}));
    EXPECT_EQ(quantized.data, (std::vector<std::int8_t>{127, -64, 0, 0, -127, 64}));
    EXPECT_EQ(quantized.shape, (std::vector<std::int64_t>{3, 1, 1, 2}));
}

TEST(QuantizeWeight, ComesBackWithinHalfAStep) {
    const HostTensor weight = random_weight({16, 8, 3, 3}, 41);
    const QuantizedWeight quantized = quantize_weight("w", weight);
    const HostTensor restored = dequantize_weight(quantized);
    ASSERT_EQ(restored.shape, weight.shape);
    ASSERT_EQ(restored.data.size(), weight.data.size());
    for (std::size_t i = 0; i < weight.data.size(); ++i) {
        EXPECT_LE(std::fabs(restored.data[i] - weight.data[i]), 0.50001F * quantized.scales[i / 72]);
    }
}

TEST(QuantizeWeight, TiesGoToEvenAndTinyWeightsHaveNormalScales) {
    const QuantizedWeight ties = quantize_weight("w", {{1, 4}, {127, 0.5F, 1.5F, -2.5F}});
    EXPECT_EQ(ties.data, (std::vector<std::int8_t>{127, 0, 2, -2}));
    const QuantizedWeight tiny = quantize_weight("w", {{1, 1}, {std::numeric_limits<float>::denorm_min()}});
    EXPECT_EQ(tiny.scales, (std::vector<float>{std::numeric_limits<float>::min()}));
    EXPECT_EQ(tiny.data, (std::vector<std::int8_t>{0}));
}

TEST(QuantizeWeight, IsIdempotent) {
    const QuantizedWeight once = quantize_weight("w", random_weight({4, 2, 3, 3}, 42));
    const QuantizedWeight twice = quantize_weight("w", dequantize_weight(once));
    EXPECT_EQ(twice.data, once.data);
}

TEST(QuantizeWeight, RefusesWrongSizesAndWhatIsNotFinite) {
    HostTensor weight = random_weight({2, 1, 1, 1}, 44);
    weight.data[1] = std::nanf("");
    expect_error<CheckError>([&] { quantize_weight("stem.weight", weight); }, {"stem.weight", "output channel 1"});
    weight.data.pop_back();
    expect_error<CheckError>([&] { quantize_weight("stem.weight", weight); }, {"stem.weight", "wrong size"});
    expect_error<CheckError>([] { quantize_weight("stem.weight", {}); }, {"wrong size"});
}

} // namespace
} // namespace banyan
