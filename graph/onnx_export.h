#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "graph/fold_batch_norm.h"

namespace banyan {

constexpr std::int64_t kOnnxOpset = 17; ///< of the default domain; the files are of ONNX's IR version 8
constexpr const char* kOnnxNormalisedImage = "image.normalised"; ///< the picture as the first layers read it

/// What an exported network is made for: one shape of its input, which other programs can plan for.
struct OnnxExportOptions {
    std::int64_t batch = 1;              ///< pictures of a run, N >= 1
    std::int64_t height = 0, width = 0;  ///< of the network input; 0: the graph's reference size
    std::array<double, 3> mean{0, 0, 0}; ///< the network was trained on (x - mean) / std, x in 0..255, RGB
    std::array<double, 3> std{1, 1, 1};
    std::string producer_version;                  ///< of Banyan
    std::map<std::string, std::string> metadata{}; ///< metadata_props of the file, UTF-8
};

/// The network as an ONNX file (the bytes of a ModelProto), for ONNX Runtime, OpenVINO, TensorRT and others.
///
///   input    "image", float32 [N, 3, H, W], RGB in 0..255. The network subtracts the mean and divides by the standard
///            deviation itself: a caller who has to do that can forget it or swap the channels, and would still get
///            boxes, only worse ones.
///   outputs  those of the graph by their names, float32 [N, C, H, W], all extents fixed
///
/// Nodes, values and parameters keep their names, but a value that is an output has the output's; underscores are
/// appended where names meet. Batch norms stay unless they were folded before (graph/pass_list.h). A fake_quant becomes
/// QuantizeLinear and DequantizeLinear, and weights that the engine would have in 8 bits are int8 in the file: other
/// programs then choose kernels for 8 bits as well.
/// @throws CheckError options out of range, a graph that the verifier refuses, an output named "image", a parameter
///         without a value or with one of another size, a weight for 8 bits that is not finite; ShapeError the network
///         does not take pictures of this size; ModelFileError the file would be over 2 GiB, which protobuf cannot hold
/// Source: https://github.com/onnx/onnx/blob/main/docs/IR.md
std::string to_onnx(const GraphWithValues& network, const OnnxExportOptions& options);

} // namespace banyan
