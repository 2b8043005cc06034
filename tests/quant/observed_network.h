#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "quant/calibration.h"
#include "tests/graph/small_graphs.h"

namespace banyan::test {

constexpr std::int64_t kPictureSide = 32;

/// A trunk of depthwise blocks, and two branches that each read it: "<branch>.cls" and "<branch>.box".
inline Graph two_branches() {
    GraphBuilder b(kPictureSide, kPictureSide);
    const auto conv = [&](ValueId x, const std::string& name, std::int64_t channels, std::int64_t groups) {
        ConvAttributes attributes{.out_channels = channels, .groups = groups, .bias = true};
        if (groups > 1) attributes.kernel = 3, attributes.pad = 1;
        return b.activation(b.conv(x, name, attributes), name + ".act", Activation::relu);
    };
    ValueId x = conv(b.image(), "trunk.stem", 16, 1);
    for (const std::string name : {"trunk.0", "trunk.1", "trunk.2"}) {
        x = conv(conv(x, name + ".dw", 16, 16), name + ".pw", 16, 1);
    }
    for (const std::string branch : {"red", "blue"}) {
        const ValueId tower = conv(x, "branches." + branch + ".tower", 16, 1);
        b.output(branch + ".cls", b.conv(tower, "branches." + branch + ".cls", {.out_channels = 2, .bias = true}));
        b.output(branch + ".box", b.conv(tower, "branches." + branch + ".box", {.out_channels = 4, .bias = true}));
    }
    return b.build();
}

/// Squares of one colour each: noise would average out in every layer.
inline std::vector<std::uint8_t> coloured_squares(std::size_t index) {
    Random random(index + 1);
    constexpr std::size_t kSquares = 8, kSide = kPictureSide;
    std::vector<std::uint8_t> colours(kSquares * kSquares * 3), pixels(kSide * kSide * 3);
    for (std::uint8_t& channel : colours) channel = static_cast<std::uint8_t>(random.integer(0, 255));
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        const std::size_t column = i / 3 % kSide * kSquares / kSide, row = i / 3 / kSide * kSquares / kSide;
        pixels[i] = colours[(row * kSquares + column) * 3 + i % 3];
    }
    return pixels;
}

inline EngineOptions picture_options() {
    EngineOptions options;
    options.mean = {127.5, 127.5, 127.5};
    options.std = {60, 60, 60};
    return options;
}

} // namespace banyan::test
