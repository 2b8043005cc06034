#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "quant/histogram.h"

namespace banyan {

/// Pictures as a network takes them, uint8 [side, side, 3], made when they are asked for.
struct CalibrationPictures {
    std::size_t count = 0;
    std::function<std::vector<std::uint8_t>(std::size_t index)> pixels; ///< the same each time
};

/// At most `count` of the pictures, spread evenly over them, one behind the other: a batch.
/// @throws CheckError no pictures
std::vector<std::uint8_t> picture_batch(const CalibrationPictures& pictures, std::size_t count);

/// What the calibration pictures tell of one value.
struct ValueStatistics {
    Histogram histogram;
    std::vector<double> channel_means; ///< [C]
};

/// Statistics of the named values, in two passes over the pictures: ranges first, then histograms over them. Memory
/// does not grow with the number of pictures.
/// @param engine float32, batch 1  @param each called after every picture and pass, for progress; may throw to stop
/// @throws CheckError no pictures, a name that the engine does not make
std::map<std::string, ValueStatistics> calibrate(
    Engine& engine, const std::vector<std::string>& values, const CalibrationPictures& pictures,
    const std::function<void()>& each = [] {});

} // namespace banyan
