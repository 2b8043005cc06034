#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace banyan {

/// One message in protobuf's wire format: its fields in the order of the calls. What a message means is not known here.
/// Field numbers are in [1, 2^29). libprotobuf is not used: beside LibTorch it clashes.
/// Source: "Encoding", https://protobuf.dev/programming-guides/encoding/
class ProtobufWriter {
public:
    /// int32, int64, bool, enum: a varint. Negative numbers take ten bytes.
    void add_integer(int field, std::int64_t value);
    /// repeated int64, packed: all numbers in one field.
    void add_integers(int field, const std::vector<std::int64_t>& values);
    /// float: four bytes, the lowest first.
    void add_float(int field, float value);
    /// string, bytes. Strings must be UTF-8.
    void add_bytes(int field, std::string_view bytes);
    void add_message(int field, const ProtobufWriter& message) { add_bytes(field, message.bytes_); }

    const std::string& bytes() const& { return bytes_; }
    std::string bytes() && { return std::move(bytes_); }

private:
    std::string bytes_;
};

} // namespace banyan
