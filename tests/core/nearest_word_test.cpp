#include "core/nearest_word.h"

#include <gtest/gtest.h>

namespace banyan {
namespace {

TEST(NearestWord, ForgivesOneSlip) {
    EXPECT_EQ(nearest_word("scalez", {"ratios", "scales"}), "scales");  // replaced
    EXPECT_EQ(nearest_word("scale", {"ratios", "scales"}), "scales");   // forgotten
    EXPECT_EQ(nearest_word("sscales", {"ratios", "scales"}), "scales"); // doubled
    EXPECT_EQ(nearest_word("sclaes", {"ratios", "scales"}), "scales");  // swapped
}

TEST(NearestWord, CountsASwapOfNeighboursAsOne) {
    // "abcd" -> "bacd" is one swap, -> "xbyd" two replacements.
    EXPECT_EQ(nearest_word("abcd", {"xbyd", "bacd"}), "bacd");
}

TEST(NearestWord, IsSilentWhenNothingIsNear) {
    EXPECT_EQ(nearest_word("momentum", {"lr", "epochs"}), "");
    EXPECT_EQ(nearest_word("lr", {}), "");
    EXPECT_EQ(nearest_word("lr", {"ab"}), ""); // distance 2 is within the limit, but not a letter is alike
    EXPECT_EQ(nearest_word("", {"a"}), "");
}

TEST(NearestWord, AllowsAThirdOfALongWord) {
    EXPECT_EQ(nearest_word("weight_dekai", {"weight_decay"}), "weight_decay");
    EXPECT_EQ(nearest_word("123456789", {"123456xyz"}), "123456xyz"); // 3 of 9
    EXPECT_EQ(nearest_word("123456789", {"12345wxyz"}), "");          // 4 of 9
}

TEST(NearestWord, TakesTheFirstOfEquallyNearOnes) {
    EXPECT_EQ(nearest_word("cat", {"bat", "car"}), "bat");
    EXPECT_EQ(nearest_word("cat", {"bat", "cat"}), "cat");
}

} // namespace
} // namespace banyan
