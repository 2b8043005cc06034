#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "graph/fold_batch_norm.h"
#include "graph/onnx_graph.h"

namespace banyan {

struct OnnxImportOptions {
    std::string file_name = "onnx";      ///< for messages
    std::vector<std::string> outputs{};  ///< names of the file's values to end at; {}: the file's outputs
    std::array<double, 3> mean{0, 0, 0}; ///< the file's input is (x - mean) / std, x in 0..255, RGB
    std::array<double, 3> std{1, 1, 1};
    bool bgr = false; ///< the file's input has blue first
};

/// What an output of the imported network is of the file's value of that name.
struct ImportedOutput {
    OnnxDims dims;     ///< of the file's value
    std::string order; ///< what its axes hold, those of extent 1 left out: "C H W", "H W C"; "HW C": pixels on one axis
};

struct ImportedNetwork {
    GraphWithValues network;
    std::map<std::string, ImportedOutput> outputs; ///< by the names of network.graph.outputs
    std::array<double, 3> mean{0, 0, 0};           ///< the network's input is (x - mean) / std, x in 0..255, RGB
    std::array<double, 3> std{1, 1, 1};
};

/// The network in an ONNX file as a graph of ours, for one picture of the file's size.
///
///   input    float32 [1, 3, H, W] or [1, H, W, 3], H and W fixed. Constants that are added to it or multiplied with it
///            before anything else become part of mean and std.
///   outputs  by the names of the file's values. The numbers are those of the file's value; where it only arranges
///            them otherwise (transposed, with pixels and anchors on one axis), ours is [C, H, W] all the same, and
///            `order` tells how the file has them.
///   nodes    by the names of the file's operators or, without one, of what they make
///
/// Understood are the operators of docs/inference.md, section "Import". What reshapes, transposes, splits and gathers
/// channels becomes select_channels; integer arithmetic of shapes is done here. Decoding of boxes cannot be expressed:
/// such files are imported up to the values before it (options.outputs), which the message names.
/// @throws ModelFileError damaged, or what cannot be expressed: node, operator, what is supported, where to end; also
///         an output that the file does not have; CheckError a standard deviation that is not > 0
ImportedNetwork import_onnx(std::string_view bytes, const OnnxImportOptions& options);

} // namespace banyan
