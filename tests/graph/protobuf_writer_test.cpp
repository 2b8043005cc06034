#include "graph/protobuf_writer.h"

#include <gmock/gmock.h>

namespace banyan {
namespace {

using testing::ElementsAre;

std::vector<int> bytes_of(const ProtobufWriter& message) {
    std::vector<int> bytes;
    for (const char byte : message.bytes()) bytes.push_back(static_cast<unsigned char>(byte));
    return bytes;
}

TEST(ProtobufWriter, WritesIntegersSevenBitsAByte) {
    // Field 1, varint: tag 1 << 3 | 0 = 0x08. 150 = 1 * 128 + 22: low bits 22 with the "more" bit = 0x96, then 1.
    ProtobufWriter message;
    message.add_integer(1, 150);
    EXPECT_THAT(bytes_of(message), ElementsAre(0x08, 0x96, 0x01));
}

TEST(ProtobufWriter, WritesTheSmallestAndLargestIntegers) {
    ProtobufWriter zero, last_of_one_byte, first_of_two, negative;
    zero.add_integer(1, 0);
    EXPECT_THAT(bytes_of(zero), ElementsAre(0x08, 0));
    last_of_one_byte.add_integer(1, 127);
    EXPECT_THAT(bytes_of(last_of_one_byte), ElementsAre(0x08, 0x7F));
    first_of_two.add_integer(1, 128);
    EXPECT_THAT(bytes_of(first_of_two), ElementsAre(0x08, 0x80, 0x01));
    // -1 is 64 ones: nine groups of seven and one more.
    negative.add_integer(1, -1);
    EXPECT_THAT(bytes_of(negative), ElementsAre(0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01));
}

TEST(ProtobufWriter, WritesFieldNumbersAsVarints) {
    // 20 << 3 | 0 = 160 = 1 * 128 + 32.
    ProtobufWriter message;
    message.add_integer(20, 7);
    EXPECT_THAT(bytes_of(message), ElementsAre(0xA0, 0x01, 7));
}

TEST(ProtobufWriter, WritesFloatsLowestByteFirst) {
    // Tag 2 << 3 | 5 = 0x15; 1.5 = 0x3FC00000.
    ProtobufWriter message;
    message.add_float(2, 1.5F);
    EXPECT_THAT(bytes_of(message), ElementsAre(0x15, 0x00, 0x00, 0xC0, 0x3F));
}

TEST(ProtobufWriter, WritesBytesBehindTheirLength) {
    // Tag 3 << 3 | 2 = 0x1A.
    ProtobufWriter message;
    message.add_bytes(3, std::string_view("a\0b", 3));
    EXPECT_THAT(bytes_of(message), ElementsAre(0x1A, 3, 'a', 0, 'b'));
    ProtobufWriter empty;
    empty.add_bytes(3, "");
    EXPECT_THAT(bytes_of(empty), ElementsAre(0x1A, 0));
}

TEST(ProtobufWriter, PacksIntegers) {
    // Tag 4 << 3 | 2 = 0x22; 3, 270 = 2 * 128 + 14, 1: four bytes.
    ProtobufWriter message;
    message.add_integers(4, {3, 270, 1});
    EXPECT_THAT(bytes_of(message), ElementsAre(0x22, 4, 0x03, 0x8E, 0x02, 0x01));
}

TEST(ProtobufWriter, WritesMessagesInMessages) {
    ProtobufWriter inner, outer;
    inner.add_integer(1, 150);
    outer.add_message(3, inner);
    outer.add_integer(1, 1);
    EXPECT_THAT(bytes_of(outer), ElementsAre(0x1A, 3, 0x08, 0x96, 0x01, 0x08, 1));
}

} // namespace
} // namespace banyan
