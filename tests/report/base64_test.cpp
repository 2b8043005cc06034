#include "report/base64.h"

#include <gtest/gtest.h>

namespace banyan {
namespace {

TEST(EncodeBase64, MatchesTheStandardsVectors) { // RFC 4648, section 10
    EXPECT_EQ(encode_base64(""), "");
    EXPECT_EQ(encode_base64("f"), "Zg==");
    EXPECT_EQ(encode_base64("fo"), "Zm8=");
    EXPECT_EQ(encode_base64("foo"), "Zm9v");
    EXPECT_EQ(encode_base64("foob"), "Zm9vYg==");
    EXPECT_EQ(encode_base64("fooba"), "Zm9vYmE=");
    EXPECT_EQ(encode_base64("foobar"), "Zm9vYmFy");
}

TEST(EncodeBase64, TakesBytesAboveTheAsciiRange) {
    EXPECT_EQ(encode_base64(std::string("\xFF\xFE\x00", 3)), "//4A");
    EXPECT_EQ(encode_base64("\xFB\xEF\xBE"), "++++");
}

} // namespace
} // namespace banyan
