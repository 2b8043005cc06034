#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "quant/quantize_network.h"

namespace banyan {

/// What is put in 8 bits, or kept in floating point, as a whole: the convolutions (or linear layers) of one weight.
struct QuantLayer {
    std::string name;               ///< of its parameters: "branches.face.cls"
    std::vector<std::string> nodes; ///< in order: "branches.face.cls.p3", …
    bool operator==(const QuantLayer&) const = default;
};

/// Those with a node that may be rounded, in the order of their first nodes.
std::vector<QuantLayer> quant_layers(const CalibratedNetwork& calibrated);

/// Names of a branch's outputs.
struct BranchOutputNames {
    std::string name;
    std::vector<std::string> classes; ///< logits, one a level
    std::vector<std::string> boxes;   ///< codes, one a level
};

/// Power of the error over that of the signal. Signal is what differs from the mean of its channel and output: a
/// constant tells no place from another.
struct OutputNoise {
    double classes = 0, boxes = 0;
    double sum() const { return classes + boxes; }
};

struct LayerSensitivity {
    QuantLayer layer;
    std::vector<OutputNoise> branches; ///< [branches]; of those that the layer does not reach 0
};

struct Sensitivity {
    std::vector<LayerSensitivity> layers;
    std::vector<OutputNoise> together; ///< [branches], of all layers in 8 bits
};

/// Pictures that measure_sensitivity() runs at once.
constexpr std::size_t kSensitivityPictures = 8;

/// What each layer does to each branch's outputs when it alone reads rounded values and has rounded weights, and all
/// the others compute exactly; biases stay as they are.
///
/// One layer alone, not all but one: the noise of all but one is the small difference of two large numbers, and would
/// need many pictures. Noises of single layers about add up to that of all, since roundings know nothing of each other;
/// `together` tells how well.
///
/// Layers that reach no common output are measured in one run: towers of different branches do not disturb each other.
/// @param options of a float32 engine; the batch does not matter
/// @param each    called after every run with how many are done and how many there are; may throw to stop
/// @throws CheckError no pictures, an output that the network does not have
/// Cost: a compilation and a run of 8 pictures for each layer of the trunk and of the longest branch; MobileNetV2 with
/// an FPN and five branches at 256 px 20 s on one core.
Sensitivity measure_sensitivity(
    const CalibratedNetwork& calibrated, const std::vector<BranchOutputNames>& branches, const EngineOptions& options,
    const CalibrationPictures& pictures,
    const std::function<void(std::size_t done, std::size_t total)>& each = [](std::size_t, std::size_t) {});

/// Layers that reach the branch, the most harmful (OutputNoise::sum) first; indices into Sensitivity::layers.
std::vector<std::size_t> ranked_layers(const Sensitivity& sensitivity, std::size_t branch);

} // namespace banyan
