#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace banyan {

/// Random numbers that are the same on every platform and compiler: nothing of <random>, no libm, and no expression
/// whose result a fused multiply-add could change.
///
/// Generator: xoshiro256** 1.0 (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators",
/// arXiv:1805.01407), its state filled by SplitMix64. Streams of one seed, Random(seed, a, b), are independent of
/// each other: e.g. a = epoch, b = sample index gives each sample its own numbers whatever thread draws them.
class Random {
public:
    explicit Random(std::uint64_t seed, std::uint64_t stream_a = 0, std::uint64_t stream_b = 0);

    std::uint64_t next(); ///< 64 random bits
    double uniform();     ///< in [0, 1), multiples of 2^-53
    /// In [lo, hi]; `hi` itself only by rounding. Precondition lo <= hi, hi - lo finite.
    double uniform(double lo, double hi);
    /// Each integer of [lo, hi], both ends included, equally likely. Precondition lo <= hi.
    std::int64_t integer(std::int64_t lo, std::int64_t hi);
    bool chance(double probability) { return uniform() < probability; }
    /// Mean 0, standard deviation 1. About 30 ns to 100 ns.
    /// Source: C. F. F. Karney, "Sampling exactly from the normal distribution", arXiv:1303.6257, Algorithm N.
    double normal();

    template <typename T>
    void shuffle(std::vector<T>& items) {
        for (std::size_t i = items.size(); i > 1; --i) {
            const auto j = static_cast<std::size_t>(integer(0, static_cast<std::int64_t>(i) - 1));
            std::swap(items[i - 1], items[j]);
        }
    }

    /// The whole state as 64 hex digits, for checkpoints.
    std::string state() const;
    /// @throws ModelFileError not 64 hex digits, or all zero (no generator ever reaches that).
    static Random from_state(const std::string& state);

    bool operator==(const Random&) const = default;

private:
    Random() = default;
    bool with_probability_exp_minus(double x);
    bool with_probability_exp_minus_half();

    std::array<std::uint64_t, 4> words_{};
};

} // namespace banyan
