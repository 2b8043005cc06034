#pragma once

#include <cstddef>

namespace banyan {

/// Of the numbers of a value as the engine stores them.
enum class NumberType { f32, bf16 };

constexpr std::size_t bytes_of(NumberType type) { return type == NumberType::f32 ? 4 : 2; }
constexpr const char* name_of(NumberType type) { return type == NumberType::f32 ? "f32" : "bf16"; }

} // namespace banyan
