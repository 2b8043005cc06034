#include "quant/weight_quantization.h"

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

HostTensor normal_weight(const std::vector<std::int64_t>& shape, std::uint64_t seed) {
    Random random(seed);
    HostTensor weight{shape, {}};
    for (std::int64_t i = 0; i < weight.count(); ++i) weight.data.push_back(static_cast<float>(random.normal()));
    return weight;
}

TEST(ChannelSqnrDb, TellsWhatEachChannelLoses) {
    HostTensor weight = normal_weight({3, 1, 32, 32}, 43);
    std::fill(weight.data.begin() + 1024, weight.data.begin() + 2048, 0.0F);
    weight.data[2048] = 100; // one large weight takes the steps from all others
    const std::vector<double> sqnr = channel_sqnr_db(weight, quantize_weight("w", weight));
    ASSERT_EQ(sqnr.size(), 3U);
    EXPECT_NEAR(sqnr[0], 42, 2); // largest of 1,024 normal numbers about 3.3: 10 log10(12 * (127 / 3.3)^2)
    EXPECT_EQ(sqnr[1], std::numeric_limits<double>::infinity());
    EXPECT_LT(sqnr[2], sqnr[0]);
}

TEST(ChannelSqnrDb, RefusesAnotherShape) {
    const HostTensor good = normal_weight({2, 1, 1, 1}, 44);
    const QuantizedWeight other = quantize_weight("w", normal_weight({2, 2, 1, 1}, 44));
    test::expect_error<CheckError>([&] { channel_sqnr_db(good, other); }, {"another shape"});
}

TEST(WeightErrorOfAWeight, IsThatOfAllNumbersAndOfTheWorstChannel) {
    HostTensor weight = normal_weight({3, 1, 32, 32}, 43);
    weight.data[2048] = 100;
    const WeightError error = weight_error("w", weight);
    const std::vector<double> channels = channel_sqnr_db(weight, quantize_weight("w", weight));
    EXPECT_EQ(error.worst_db, *std::min_element(channels.begin(), channels.end()));
    EXPECT_GT(error.all_db, error.worst_db);
    EXPECT_EQ(weight_error("w", {{1, 1, 1, 1}, {2}}).all_db, std::numeric_limits<double>::infinity());
}

} // namespace
} // namespace banyan
