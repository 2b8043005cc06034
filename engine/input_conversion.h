#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/kernel.h"

namespace banyan {

/// Makes the network input of a picture: (x - mean) / std by channel, as the first value is stored (u8: rounded to its
/// steps, at most the next step away where two are equally near).
class InputConversion {
public:
    /// @param to [N, H, W, 3] @throws CheckError other channels, a std that is not above 0
    InputConversion(const ValueMemory& to, const std::array<double, 3>& mean, const std::array<double, 3>& std);
    /// @param pixels uint8 [N, H, W, 3]
    void run(const std::uint8_t* pixels) const;

    /// Numbers that one turn of the inner loop makes: whole pixels and whole vectors.
    static constexpr std::size_t kBlock = 48;
    /// result[i] = pixel[i] * factor[i % kBlock] + shift[i % kBlock]
    struct Line {
        std::array<float, kBlock> factor{}, shift{};
    };

private:
    ValueMemory to_;
    int threads_;
    Line line_;
};

} // namespace banyan
