#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/safetensors.h"

/// What safetensors' reader and writer share; not for other files.
namespace banyan::safetensors {

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMaxHeaderBytes = 100'000'000;
constexpr const char* kMetadata = "__metadata__";
constexpr const char* kTensorSums = "xxh3";
constexpr const char* kHeaderSum = "xxh3_header";

std::optional<DType> try_dtype(std::string_view name);

/// Bytes of a tensor, or nullopt for a negative size or on overflow.
std::optional<std::size_t> try_byte_count(DType dtype, const std::vector<std::int64_t>& shape);

/// Sum of the header without its entry kHeaderSum; independent of white space and key order in the file.
std::string header_sum(nlohmann::json header);

} // namespace banyan::safetensors
