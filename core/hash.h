#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace banyan {

/// XXH3 (64 bit) of the bytes: the same on every machine. Not for secrets. For long input in pieces, give each piece
/// the hash of what came before as its seed; the result then depends on where the pieces were cut.
std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed = 0);

/// As 16 hex digits.
std::string hash_digits(std::uint64_t hash);

/// hash_digits(hash_bytes(text))
std::string hash_text(std::string_view text);

} // namespace banyan
