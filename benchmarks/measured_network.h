#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backbone/backbone.h"
#include "graph/fold_batch_norm.h"

namespace banyan {

/// A network that is run for its time, after the graph passes (graph/pass_list.h).
struct MeasuredNetwork {
    GraphWithValues network;
    Preprocessing preprocessing;
};

/// The network called
///   "det3"          ResNet-18, FPN (levels 3 to 5, 128 channels) and three branches, each a tower of two 3x3
///   convolutions
///                   of 128 channels, 9 anchors a cell and one class, at 320 x 320
///   "resnet18"      with its classifier of ImageNet, at 224 x 224
///   "mobilenet_v2"  the same
/// with weights that are drawn, the same each time: He initialisation, and batch norms that shift and scale a little,
/// so that values stay of one size through the network. Any other name is the path of a model file.
/// @throws UsageError a name that is neither; ModelFileError, IoError the model file cannot be read
MeasuredNetwork measured_network(const std::string& name);

/// Pictures for the network's reference input size, uint8 [1, H, W, 3] each, the same each time: the first files of a
/// folder by their names, letterboxed; without a folder pictures of noise.
/// @param folder of JPEG and PNG files only; "": none  @param most pictures, at least 1
/// @throws IoError, DataError the folder or a file cannot be read, or there is none; UsageError a network of another
///         input than a square
std::vector<std::vector<std::uint8_t>> measured_pictures(const Graph& graph, const std::string& folder,
                                                         std::size_t most);

} // namespace banyan
