#pragma once

#include <cstddef>
#include <cstdint>

namespace banyan {

/// Of the numbers of a value as the engine stores them.
enum class NumberType { f32, bf16, u8 };

constexpr std::size_t bytes_of(NumberType type) {
    return type == NumberType::f32 ? 4 : type == NumberType::bf16 ? 2 : 1;
}
constexpr const char* name_of(NumberType type) {
    return type == NumberType::f32 ? "f32" : type == NumberType::bf16 ? "bf16" : "u8";
}

/// How a value is stored: real number = (stored number - zero_point) * scale; 0 and 1 unless the type is u8.
struct Storage {
    NumberType type = NumberType::f32;
    float scale = 1;
    std::int32_t zero_point = 0;

    bool is_quantized() const { return type == NumberType::u8; }
    bool operator==(const Storage&) const = default;
};

} // namespace banyan
