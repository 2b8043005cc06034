#include "core/hash.h"

#include <array>
#include <cstdio>

#include <xxhash.h>

namespace banyan {

std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::string hash_digits(std::uint64_t hash) {
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash));
    return digits.data();
}

std::string hash_text(std::string_view text) { return hash_digits(hash_bytes(text)); }

} // namespace banyan
