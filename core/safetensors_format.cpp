#include "core/safetensors_format.h"

#include <array>
#include <bit>

#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/hash.h"

namespace banyan {

static_assert(std::endian::native == std::endian::little, "safetensors data are little-endian, not swapped here");

namespace {

struct DTypeInfo {
    DType dtype;
    const char* name;
    std::size_t bytes;
};

constexpr std::array<DTypeInfo, 10> kDTypes{{{DType::f64, "F64", 8},
                                             {DType::f32, "F32", 4},
                                             {DType::f16, "F16", 2},
                                             {DType::bf16, "BF16", 2},
                                             {DType::i64, "I64", 8},
                                             {DType::i32, "I32", 4},
                                             {DType::i16, "I16", 2},
                                             {DType::i8, "I8", 1},
                                             {DType::u8, "U8", 1},
                                             {DType::boolean, "BOOL", 1}}};

const DTypeInfo& info_of(DType dtype) { return kDTypes.at(static_cast<std::size_t>(dtype)); }

constexpr bool table_follows_the_enum() {
    for (std::size_t i = 0; i < kDTypes.size(); ++i) {
        if (static_cast<std::size_t>(kDTypes[i].dtype) != i) return false;
    }
    return true;
}
static_assert(table_follows_the_enum());

} // namespace

std::size_t dtype_bytes(DType dtype) { return info_of(dtype).bytes; }

const char* dtype_name(DType dtype) { return info_of(dtype).name; }

std::size_t TensorBytes::byte_count() const {
    const auto bytes = safetensors::try_byte_count(dtype, shape);
    BANYAN_CHECK(bytes.has_value(), "tensor shape with a negative size, or too large");
    return *bytes;
}

namespace safetensors {

std::optional<DType> try_dtype(std::string_view name) {
    for (const DTypeInfo& info : kDTypes) {
        if (name == info.name) return info.dtype;
    }
    return std::nullopt;
}

std::optional<std::size_t> try_byte_count(DType dtype, const std::vector<std::int64_t>& shape) {
    std::size_t bytes = dtype_bytes(dtype);
    for (const std::int64_t size : shape) {
        if (size < 0 || __builtin_mul_overflow(bytes, static_cast<std::size_t>(size), &bytes)) return std::nullopt;
    }
    return bytes;
}

std::string header_sum(nlohmann::json header) {
    header[kMetadata].erase(kHeaderSum);
    return hash_text(header.dump());
}

} // namespace safetensors

} // namespace banyan
