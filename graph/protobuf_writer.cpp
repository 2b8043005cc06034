#include "graph/protobuf_writer.h"

#include <bit>

namespace banyan {

namespace {

enum class WireType : std::uint64_t { varint = 0, length_delimited = 2, four_bytes = 5 };

/// Seven bits a byte, the lowest first; the top bit tells that more follow.
void append_varint(std::string& bytes, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
    bytes += static_cast<char>(value);
}

void append_tag(std::string& bytes, int field, WireType type) {
    append_varint(bytes, (static_cast<std::uint64_t>(field) << 3) | static_cast<std::uint64_t>(type));
}

} // namespace

void ProtobufWriter::add_integer(int field, std::int64_t value) {
    append_tag(bytes_, field, WireType::varint);
    append_varint(bytes_, static_cast<std::uint64_t>(value));
}

void ProtobufWriter::add_integers(int field, const std::vector<std::int64_t>& values) {
    std::string packed;
    for (const std::int64_t value : values) append_varint(packed, static_cast<std::uint64_t>(value));
    add_bytes(field, packed);
}

void ProtobufWriter::add_float(int field, float value) {
    append_tag(bytes_, field, WireType::four_bytes);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) bytes_ += static_cast<char>((bits >> shift) & 0xFF);
}

void ProtobufWriter::add_bytes(int field, std::string_view bytes) {
    append_tag(bytes_, field, WireType::length_delimited);
    append_varint(bytes_, bytes.size());
    bytes_ += bytes;
}

} // namespace banyan
