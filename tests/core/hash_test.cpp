#include "core/hash.h"

#include <string>

#include <gtest/gtest.h>

namespace banyan {
namespace {

// Values of the reference program: printf '' | xxhsum -H3, printf 'a' | xxhsum -H3.
TEST(HashText, IsXxh3) {
    EXPECT_EQ(hash_text(""), "2d06800538d394c2");
    EXPECT_EQ(hash_text("a"), "e6c632b61e964e1f");
}

TEST(HashBytes, DependsOnEveryByteAndTheSeed) {
    std::string bytes(1000, 'a');
    const std::uint64_t before = hash_bytes(bytes);
    bytes[999] = 'b';
    EXPECT_NE(hash_bytes(bytes), before);
    EXPECT_NE(hash_bytes("a", 1), hash_bytes("a", 2));
    EXPECT_NE(hash_bytes(std::string("a\0", 2)), hash_bytes("a"));
}

TEST(HashDigits, KeepLeadingZeros) { EXPECT_EQ(hash_digits(0xabc), "0000000000000abc"); }

} // namespace
} // namespace banyan
