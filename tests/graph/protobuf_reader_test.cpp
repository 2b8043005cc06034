#include "graph/protobuf_reader.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "graph/protobuf_writer.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

using namespace std::string_literals;
using test::expect_error;
using testing::ElementsAre;

ProtobufReader first_field(std::string_view bytes) {
    ProtobufReader reader(bytes, "file");
    EXPECT_TRUE(reader.next());
    return reader;
}

void refused(const std::string& bytes, const std::vector<std::string>& words) {
    expect_error<ModelFileError>(
        [&] {
            ProtobufReader reader(bytes, "file");
            while (reader.next()) {}
        },
        words);
}

TEST(ProtobufReader, ReadsWhatTheWriterWrites) {
    ProtobufWriter inner, message;
    inner.add_integer(1, -5);
    message.add_integer(1, 150);
    message.add_float(2, 1.5F);
    message.add_bytes(3, "ab");
    message.add_integers(4, {3, 270, -1});
    message.add_message(20, inner);
    ProtobufReader reader(message.bytes(), "file");
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.field(), 1);
    EXPECT_EQ(reader.integer(), 150);
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.real(), 1.5F);
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.text(), "ab");
    ASSERT_TRUE(reader.next());
    std::vector<std::int64_t> numbers{7};
    reader.append_to(numbers, 4);
    EXPECT_THAT(numbers, ElementsAre(7, 3, 270, -1));
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.field(), 20);
    ProtobufReader message_inside = reader.message();
    ASSERT_TRUE(message_inside.next());
    EXPECT_EQ(message_inside.integer(), -5);
    EXPECT_FALSE(message_inside.next());
    EXPECT_FALSE(reader.next());
}

TEST(ProtobufReader, TakesRepeatedNumbersPackedOrOneByOne) {
    std::vector<float> floats;
    first_field("\x12\x08\x00\x00\x80\x3F\x00\x00\x00\x40"s).append_to(floats, 9); // 1, 2
    first_field("\x15\x00\x00\x40\x40"s).append_to(floats, 9);                     // 3
    EXPECT_THAT(floats, ElementsAre(1, 2, 3));
    std::vector<std::int64_t> integers;
    first_field("\x08\x05"s).append_to(integers, 9);
    EXPECT_THAT(integers, ElementsAre(5));
    expect_error<ModelFileError>([&] { first_field("\x0A\x02\x05\x06"s).append_to(integers, 2); }, {"more than 2"});
    expect_error<ModelFileError>([&] { first_field("\x12\x03\x00\x00\x80"s).append_to(floats, 9); }, {"ends within"});
}

TEST(ProtobufReader, SkipsGroupsAndUnknownFields) {
    // Group 1 with a number, a nested group 2 and eight bytes in it; then field 3.
    const std::string bytes = "\x0B\x08\x01\x13\x14\x11"
                              "12345678"
                              "\x0C\x18\x07"s;
    ProtobufReader reader(bytes, "file");
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.field(), 1);
    expect_error<ModelFileError>([&] { reader.integer(); }, {"wire type"});
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.integer(), 7);
    EXPECT_FALSE(reader.next());
}

TEST(ProtobufReader, RefusesDamage) {
    refused("\x08"s, {"file: byte 0", "ends within a number"});
    refused("\x08\x01\x12\x05"s
            "abc",
            {"file: byte 2", "longer than what holds it"});
    refused("\x12\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"s, {"longer"});
    refused("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"s, {"64 bits"});
    refused("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"s, {"64 bits"});
    refused("\x15\x00\x00"s, {"longer"});
    refused("\x00\x01"s, {"no field"});
    refused("\x0E\x01"s, {"no field"}); // wire type 6
    refused("\x0C"s, {"did not start"});
    refused("\x0B\x08\x01"s, {"does not end"});
    refused("\x0B\x14"s, {"within another"});
    refused(std::string(17, '\x0B'), {"too deep"});
    expect_error<ModelFileError>([&] { first_field("\x08\x01"s).bytes(); }, {"field 1", "wire type"});
}

TEST(ProtobufReader, TellsTheOffsetInTheFileFromWithinMessages) {
    const std::string bytes = "\x12\x04\x08\x01\x10\x80"s; // field 2: {1: 1, 2: cut off}
    ProtobufReader outer = first_field(bytes);
    ProtobufReader inner = outer.message();
    ASSERT_TRUE(inner.next());
    expect_error<ModelFileError>([&] { inner.next(); }, {"byte 4"});
}

} // namespace
} // namespace banyan
