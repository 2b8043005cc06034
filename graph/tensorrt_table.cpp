#include "graph/tensorrt_table.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <map>
#include <utility>
#include <vector>

#include "graph/onnx_export.h"
#include "graph/rebuild.h"

namespace banyan {

namespace {

// Of TensorRT 8.6; newer ones read it too.
constexpr const char* kHeader = "TRT-8601-EntropyCalibration2\n";

/// The name that to_onnx() gives a value.
std::string exported_name(const Graph& graph, ValueId value) {
    for (const auto& [name, output] : graph.outputs) {
        if (output == value) return name;
    }
    return value == graph.input ? kOnnxNormalisedImage : graph.value(value).name;
}

float symmetric_scale(const FakeQuantAttributes& quant) {
    constexpr int kBytes = 255, kLargest = 127;
    const int longer_side = std::max(quant.zero_point, kBytes - quant.zero_point);
    return static_cast<float>(longer_side * quant.scale / kLargest);
}

} // namespace

Graph without_fake_quant(const Graph& graph) {
    std::vector<ValueId> exact(graph.values.size());
    for (ValueId id = 0; id < std::ssize(graph.values); ++id) exact[static_cast<std::size_t>(id)] = id;
    std::vector<Node> nodes;
    for (Node node : graph.nodes) {
        for (ValueId& input : node.inputs) input = exact[static_cast<std::size_t>(input)];
        if (std::holds_alternative<FakeQuantAttributes>(node.attributes)) {
            exact[static_cast<std::size_t>(node.output)] = node.inputs[0];
        } else {
            nodes.push_back(std::move(node));
        }
    }
    std::map<std::string, ValueId> outputs = graph.outputs;
    for (auto& [name, value] : outputs) value = exact[static_cast<std::size_t>(value)];
    return rebuild(graph, std::move(nodes), outputs);
}

std::string tensorrt_table(const Graph& graph) {
    std::string table = kHeader;
    for (const Node& node : graph.nodes) {
        const auto* quant = std::get_if<FakeQuantAttributes>(&node.attributes);
        if (quant == nullptr) continue;
        char digits[16];
        std::snprintf(digits, sizeof digits, "%08x", std::bit_cast<std::uint32_t>(symmetric_scale(*quant)));
        table += exported_name(graph, node.inputs[0]) + ": " + digits + "\n";
    }
    return table;
}

} // namespace banyan
