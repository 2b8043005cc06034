#include "core/random.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "core/check.h"

namespace banyan {

namespace {

std::uint64_t splitmix64(std::uint64_t& state) {
    state += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

} // namespace

Random::Random(std::uint64_t seed, std::uint64_t stream_a, std::uint64_t stream_b) {
    // Each part passes through the mixer before the next joins, so that (1, 0, 2), (1, 2, 0) and (3, 0, 0) differ.
    std::uint64_t mixed = seed;
    for (const std::uint64_t part : {stream_a, stream_b}) mixed = splitmix64(mixed) ^ part;
    for (std::uint64_t& word : words_) word = splitmix64(mixed);
}

std::uint64_t Random::next() {
    const std::uint64_t result = std::rotl(words_[1] * 5, 7) * 9;
    const std::uint64_t shifted = words_[1] << 17;
    words_[2] ^= words_[0];
    words_[3] ^= words_[1];
    words_[1] ^= words_[2];
    words_[0] ^= words_[3];
    words_[2] ^= shifted;
    words_[3] = std::rotl(words_[3], 45);
    return result;
}

double Random::uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

double Random::uniform(double lo, double hi) {
    BANYAN_CHECK(lo <= hi && std::isfinite(hi - lo), "Random::uniform: bad range [", lo, ", ", hi, "]");
    // An explicit fma: left to the compiler, only some machines would fuse.
    return std::clamp(std::fma(hi - lo, uniform(), lo), lo, hi);
}

std::int64_t Random::integer(std::int64_t lo, std::int64_t hi) {
    BANYAN_CHECK(lo <= hi, "Random::integer: bad range [", lo, ", ", hi, "]");
    const std::uint64_t first = static_cast<std::uint64_t>(lo);
    const std::uint64_t count = static_cast<std::uint64_t>(hi) - first + 1; // 0 stands for 2^64
    if (count == 0) return static_cast<std::int64_t>(next());
    const std::uint64_t skipped = (0 - count) % count; // 2^64 mod count: drawing again below it removes the bias
    std::uint64_t bits = next();
    while (bits < skipped) bits = next();
    return static_cast<std::int64_t>(first + bits % count);
}

// Von Neumann: the falling run x > u1 > u2 > … has even length with probability exp(-x), for x in [0, 1].
bool Random::with_probability_exp_minus(double x) {
    bool even = true;
    for (double u = uniform(); u < x; u = uniform()) {
        x = u;
        even = !even;
    }
    return even;
}

bool Random::with_probability_exp_minus_half() { return with_probability_exp_minus(0.5); }

// Only comparisons, one product and one quotient of doubles: the same bits everywhere, unlike log, sin or cos.
double Random::normal() {
    while (true) {
        int whole = 0; // k with probability proportional to exp(-k / 2)
        while (with_probability_exp_minus_half()) ++whole;
        bool accepted = true; // with probability exp(-k (k - 1) / 2)
        for (int i = 0; accepted && i < whole * (whole - 1); ++i) accepted = with_probability_exp_minus_half();
        if (!accepted) continue;
        const double part = uniform(); // x, accepted with probability exp(-x (2 k + x) / 2)
        const double exponent = part * (2 * whole + part) / (2 * whole + 2);
        for (int i = 0; accepted && i <= whole; ++i) accepted = with_probability_exp_minus(exponent);
        if (!accepted) continue;
        const double size = whole + part;
        return (next() >> 63) != 0 ? -size : size;
    }
}

std::string Random::state() const {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const std::uint64_t word : words_) {
        for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(word >> shift) & 15];
    }
    return text;
}

Random Random::from_state(const std::string& state) {
    Random random;
    bool valid = state.size() == 64;
    for (std::size_t i = 0; valid && i < random.words_.size(); ++i) {
        const char* begin = state.data() + 16 * i;
        const auto [end, problem] = std::from_chars(begin, begin + 16, random.words_[i], 16);
        valid = problem == std::errc() && end == begin + 16;
    }
    if (!valid || random.words_ == std::array<std::uint64_t, 4>{}) {
        throw ModelFileError(ErrorText{"random state", "not a state of this generator", "64 hex digits, not all 0",
                                       "\"" + state.substr(0, 80) + "\"",
                                       "the checkpoint is damaged: use an older one"});
    }
    return random;
}

} // namespace banyan
