#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace banyan {

/// What a first pass over a tensor's numbers tells. One for each thread, then merged.
struct ValueRange {
    float min = std::numeric_limits<float>::infinity();  ///< of the finite numbers; infinity while there are none
    float max = -std::numeric_limits<float>::infinity(); ///< of the finite numbers; -infinity while there are none
    std::int64_t count = 0;                              ///< finite numbers
    std::int64_t zeros = 0;                              ///< among them
    std::int64_t non_finite = 0;                         ///< NaN and infinities

    /// About 2 ns a number.
    void add(std::span<const float> numbers);
    void merge(const ValueRange& other);
    bool operator==(const ValueRange&) const = default;
};

/// What a second pass tells: how often numbers of each size came, in bins of one width.
///
/// Zero is always the edge between two bins, so that the histogram of |x| follows from that of x without loss. Zeros
/// are counted apart: every quantisation has an exact zero, and after a relu they would hide all else.
/// Not thread-safe: one for each thread, then merged.
class Histogram {
public:
    static constexpr std::size_t kBins = 2048; ///< those of TensorRT's entropy calibration

    /// Bins over [low, high]: `bins` of them on the longer side of zero, and as many of the same width on the shorter
    /// one as it needs.
    /// @param tensor named by errors
    /// @throws CheckError not low <= 0 <= high, either not finite, no bins
    Histogram(std::string tensor, float low, float high, std::size_t bins = kBins);
    /// Over [min, max] of a first pass, stretched to hold zero.
    Histogram(std::string tensor, const ValueRange& range, std::size_t bins = kBins);

    /// A finite number outside [low, high] counts in the bin at that end, and as outside. NaN and infinities are
    /// counted and never binned. About 4 ns a number, 7 ns when half of them are zeros.
    void add(std::span<const float> numbers);
    /// @throws CheckError of another tensor or with other bins
    void merge(const Histogram& other);

    /// The histogram of |x|: over [0, max(-low, high)].
    Histogram magnitudes() const;

    const std::string& tensor() const { return tensor_; }
    float low() const { return low_; }
    float high() const { return high_; }
    double bin_width() const { return width_; }
    std::size_t negative_bins() const { return negative_bins_; }
    std::size_t positive_bins() const { return counts().size() - negative_bins_; }
    /// Lower edge of a bin; that of counts().size() is the upper edge of the last one.
    double edge(std::size_t bin) const {
        return (static_cast<double>(bin) - static_cast<double>(negative_bins_)) * width_;
    }
    /// Numbers in each bin, without the zeros, the most negative first.
    std::span<const std::int64_t> counts() const { return {slots_.data(), slots_.size() - 2}; }

    std::int64_t zeros() const { return slots_[zero_slot()]; }
    std::int64_t non_finite() const { return slots_[non_finite_slot()]; }
    std::int64_t outside() const { return outside_; } ///< finite numbers that the first pass had not seen
    std::int64_t finite() const;                      ///< all finite numbers, zeros included

private:
    std::size_t zero_slot() const { return slots_.size() - 2; }
    std::size_t non_finite_slot() const { return slots_.size() - 1; }

    std::string tensor_;
    float low_ = 0, high_ = 0;
    double width_ = 1;
    std::size_t negative_bins_ = 0;
    std::vector<std::int64_t> slots_; ///< the bins, then a count of zeros and one of what is not finite
    std::int64_t outside_ = 0;
};

} // namespace banyan
