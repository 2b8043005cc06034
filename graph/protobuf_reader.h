#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace banyan {

/// Steps through the fields of one message in protobuf's wire format. Nothing is copied or reserved: what a field holds
/// are numbers and views of the bytes, which must outlive the reader. Fields that nobody asks for, groups included, are
/// skipped, but must be sound.
///
///   while (reader.next()) {
///       if (reader.field() == 4) type = reader.text();
///   }
///
/// @throws ModelFileError (all functions) the bytes end within a field, a number has more than 64 bits, a field number
///         or wire type does not exist, groups do not match or nest too deep, a field has another wire type than asked
///         for. The message tells the offset.
/// Source: "Encoding", https://protobuf.dev/programming-guides/encoding/
class ProtobufReader {
public:
    /// @param file_name for messages
    ProtobufReader(std::string_view bytes, std::string file_name) : bytes_(bytes), file_name_(std::move(file_name)) {}

    /// Goes to the next field. @return false at the end
    bool next();
    /// Number of the field, >= 1.
    int field() const { return field_; }

    /// int32, int64, bool, enum.
    std::int64_t integer() const;
    float real() const;
    std::string_view bytes() const;
    std::string text() const { return std::string(bytes()); }
    ProtobufReader message() const;
    /// A repeated field comes whole or number by number: these append what it holds now. At most `limit` in `numbers`.
    void append_to(std::vector<std::int64_t>& numbers, std::size_t limit) const;
    void append_to(std::vector<float>& numbers, std::size_t limit) const;

    /// An error at the start of this field.
    [[noreturn]] void fail(const std::string& problem) const;

private:
    enum class WireType { varint = 0, fixed64 = 1, length = 2, group_start = 3, group_end = 4, fixed32 = 5 };
    static constexpr int kDeepestGroup = 16;

    void read_tag();
    void read_content();
    void skip_group();
    std::uint64_t read_varint();
    std::string_view take(std::uint64_t count);
    void check_type(WireType wanted) const;
    void check_count(std::size_t count, std::size_t limit) const;

    std::string_view bytes_;
    std::string file_name_;
    std::size_t at_ = 0, field_start_ = 0;
    std::size_t offset_ = 0; ///< of bytes_ in the file
    int field_ = 0;
    WireType type_ = WireType::varint;
    std::uint64_t number_ = 0; ///< of a varint
    std::string_view content_; ///< of the other types
};

} // namespace banyan
