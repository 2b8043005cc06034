#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/nms.h"

namespace banyan {

/// An output of a network for one picture: float32 [height, width, channels].
struct OutputMap {
    const float* data = nullptr;
    std::int64_t height = 0, width = 0, channels = 0;
    std::string name{}; ///< for messages
};

/// What is common to all decoders.
struct DecodingOptions {
    std::int64_t input_height = 0, input_width = 0; ///< of the network, in pixels
    std::vector<int> class_of_source;               ///< [class of the network] -> class id of ours, -1: not wanted
    double lowest_score = 0.01;                     ///< boxes below are dropped
};

/// One level of an SSD head over cells of input_width / width by input_height / height pixels.
struct SsdLevel {
    OutputMap classes;            ///< channels [anchor, class]: logits, class 0 is background
    OutputMap boxes;              ///< channels [anchor, 4]: codes of centre x, y and of width, height
    std::vector<double> sizes_px; ///< sides of the square anchors, one an anchor
};

/// Whether the maps are alike, with two classes or more and 4 box codes for each anchor. Their data is not looked at.
bool is_ssd_level(const SsdLevel& level);

struct SsdVariances {
    double centre = 0.1, size = 0.2;
};

/// Boxes in pixels of the network input, before suppression of overlaps, of any order. With the anchor of centre a,
/// width and height s, cut at 0 and at the size of the input, codes t and variances v:
///   centre = a + v_centre t_xy s,   size = s exp(v_size t_wh),   score = softmax over the classes of the anchor
/// Source: "SSD: Single Shot MultiBox Detector", arXiv:1512.02325, section 2.2, and the variances of its authors' code.
/// @throws ShapeError channels that do not fit the sizes, or levels whose maps differ; NumericError not finite
std::vector<ScoredBox> decode_ssd(const std::vector<SsdLevel>& levels, const SsdVariances& variances,
                                  const DecodingOptions& options);

constexpr std::int64_t kFastestDetNumbers = 5; ///< of a cell, before those of its classes

/// FastestDet: channels objectness o, codes t of x, y, width, height, then probabilities p of the classes. A cell is
/// taken for its likeliest class alone.
///   centre = (cell + tanh(t_xy)) / cells,   size = sigmoid(t_wh), both in parts of the input;   score = o^0.6 p^0.4
/// @throws ShapeError fewer than 6 channels; NumericError not finite
std::vector<ScoredBox> decode_fastestdet(const OutputMap& output, const DecodingOptions& options);

} // namespace banyan
