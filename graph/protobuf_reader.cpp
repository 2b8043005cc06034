#include "graph/protobuf_reader.h"

#include <bit>
#include <cstring>

#include "core/error.h"

namespace banyan {

static_assert(std::endian::native == std::endian::little, "fixed-size numbers are little-endian, not swapped here");

bool ProtobufReader::next() {
    if (at_ == bytes_.size()) return false;
    field_start_ = at_;
    read_tag();
    if (type_ == WireType::group_end) fail("a group ends that did not start");
    if (type_ == WireType::group_start) {
        skip_group();
    } else {
        read_content();
    }
    return true;
}

void ProtobufReader::read_tag() {
    constexpr std::uint64_t kMostField = (1ULL << 29) - 1, kMostType = 5;
    const std::uint64_t tag = read_varint();
    if (tag >> 3 == 0 || tag >> 3 > kMostField || (tag & 7) > kMostType) fail("no field has this number or type");
    field_ = static_cast<int>(tag >> 3);
    type_ = static_cast<WireType>(tag & 7);
}

void ProtobufReader::read_content() {
    switch (type_) {
    case WireType::varint: number_ = read_varint(); break;
    case WireType::fixed64: content_ = take(8); break;
    case WireType::fixed32: content_ = take(4); break;
    case WireType::length: content_ = take(read_varint()); break;
    case WireType::group_start:
    case WireType::group_end: break;
    }
}

void ProtobufReader::skip_group() {
    std::vector<int> open{field_};
    while (!open.empty()) {
        if (at_ == bytes_.size()) fail("a group does not end");
        read_tag();
        if (type_ == WireType::group_start) {
            if (open.size() == kDeepestGroup) fail("groups are nested too deep");
            open.push_back(field_);
        } else if (type_ == WireType::group_end) {
            if (open.back() != field_) fail("a group ends within another");
            open.pop_back();
        } else {
            read_content();
        }
    }
    type_ = WireType::group_start;
}

std::uint64_t ProtobufReader::read_varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (at_ == bytes_.size()) fail("the file ends within a number");
        const auto byte = static_cast<std::uint8_t>(bytes_[at_++]);
        const std::uint64_t bits = byte & 0x7FU;
        if (shift == 63 && bits > 1) fail("a number of more than 64 bits");
        value |= bits << shift;
        if (byte < 0x80) return value;
    }
    fail("a number of more than 64 bits");
}

std::string_view ProtobufReader::take(std::uint64_t count) {
    if (count > bytes_.size() - at_) fail("a field is longer than what holds it");
    const std::string_view part = bytes_.substr(at_, static_cast<std::size_t>(count));
    at_ += part.size();
    return part;
}

std::int64_t ProtobufReader::integer() const {
    check_type(WireType::varint);
    return static_cast<std::int64_t>(number_);
}

float ProtobufReader::real() const {
    check_type(WireType::fixed32);
    float value = 0;
    std::memcpy(&value, content_.data(), sizeof value);
    return value;
}

std::string_view ProtobufReader::bytes() const {
    check_type(WireType::length);
    return content_;
}

ProtobufReader ProtobufReader::message() const {
    ProtobufReader inner(bytes(), file_name_);
    inner.offset_ = offset_ + (at_ - content_.size());
    return inner;
}

void ProtobufReader::append_to(std::vector<std::int64_t>& numbers, std::size_t limit) const {
    if (type_ == WireType::varint) {
        check_count(numbers.size() + 1, limit);
        numbers.push_back(integer());
        return;
    }
    ProtobufReader packed = message();
    while (packed.at_ < packed.bytes_.size()) {
        check_count(numbers.size() + 1, limit);
        numbers.push_back(static_cast<std::int64_t>(packed.read_varint()));
    }
}

void ProtobufReader::append_to(std::vector<float>& numbers, std::size_t limit) const {
    if (type_ == WireType::fixed32) {
        check_count(numbers.size() + 1, limit);
        numbers.push_back(real());
        return;
    }
    const std::string_view packed = bytes();
    const std::size_t count = packed.size() / sizeof(float), start = numbers.size();
    if (count * sizeof(float) != packed.size()) fail("a list of floats ends within one");
    check_count(start + count, limit);
    numbers.resize(start + count);
    if (count > 0) std::memcpy(numbers.data() + start, packed.data(), packed.size());
}

void ProtobufReader::check_type(WireType wanted) const {
    if (type_ != wanted) fail("field " + std::to_string(field_) + " is of another wire type than expected");
}

void ProtobufReader::check_count(std::size_t count, std::size_t limit) const {
    if (count > limit) fail("field " + std::to_string(field_) + " has more than " + std::to_string(limit) + " numbers");
}

void ProtobufReader::fail(const std::string& problem) const {
    throw ModelFileError(ErrorText{file_name_ + ": byte " + std::to_string(offset_ + field_start_), problem, "", "",
                                   "the file is damaged or no ONNX file"});
}

} // namespace banyan
