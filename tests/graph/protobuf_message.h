#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace banyan::test {

/// A message of protobuf's wire format, read back by the field numbers. A field that is missing throws.
class ProtobufMessage {
public:
    explicit ProtobufMessage(const std::string& bytes) : bytes_(bytes) {
        while (at_ < bytes_.size()) read_field();
    }

    bool has(int field) const { return fields_.contains(field); }
    std::size_t count(int field) const { return has(field) ? fields_.at(field).size() : 0; }
    std::int64_t integer(int field) const { return static_cast<std::int64_t>(fields_.at(field).front().number); }
    std::string text(int field) const { return fields_.at(field).front().bytes; }
    ProtobufMessage message(int field) const { return ProtobufMessage(text(field)); }
    float real(int field) const {
        const auto bits = static_cast<std::uint32_t>(fields_.at(field).front().number);
        float value = 0;
        std::memcpy(&value, &bits, sizeof value);
        return value;
    }

    std::vector<std::string> texts(int field) const {
        std::vector<std::string> all;
        if (!has(field)) return all;
        for (const Field& entry : fields_.at(field)) all.push_back(entry.bytes);
        return all;
    }
    std::vector<ProtobufMessage> messages(int field) const {
        std::vector<ProtobufMessage> all;
        for (const std::string& bytes : texts(field)) all.emplace_back(bytes);
        return all;
    }
    /// Of a packed field.
    std::vector<std::int64_t> integers(int field) const {
        ProtobufMessage packed("");
        packed.bytes_ = text(field);
        std::vector<std::int64_t> all;
        while (packed.at_ < packed.bytes_.size()) all.push_back(static_cast<std::int64_t>(packed.read_varint()));
        return all;
    }

private:
    struct Field {
        std::uint64_t number = 0;
        std::string bytes;
    };

    void read_field() {
        const std::uint64_t tag = read_varint();
        Field& field = fields_[static_cast<int>(tag >> 3)].emplace_back();
        switch (tag & 7) {
        case 0: field.number = read_varint(); break;
        case 2: field.bytes = read_bytes(read_varint()); break;
        case 5: {
            const std::string four = read_bytes(4);
            std::uint32_t bits = 0;
            std::memcpy(&bits, four.data(), sizeof bits);
            field.number = bits;
            break;
        }
        default: throw std::runtime_error("a field of another kind");
        }
    }

    std::uint64_t read_varint() {
        std::uint64_t value = 0;
        for (int shift = 0;; shift += 7) {
            const auto byte = static_cast<std::uint8_t>(bytes_.at(at_++));
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) return value;
        }
    }

    std::string read_bytes(std::uint64_t count) {
        if (count > bytes_.size() - at_) throw std::runtime_error("a field longer than its message");
        const std::string part = bytes_.substr(at_, count);
        at_ += count;
        return part;
    }

    std::string bytes_;
    std::size_t at_ = 0;
    std::map<int, std::vector<Field>> fields_;
};

} // namespace banyan::test
