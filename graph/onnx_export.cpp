#include "graph/onnx_export.h"

#include <limits>
#include <utility>
#include <vector>

#include "core/check.h"
#include "graph/onnx_fields.h"
#include "graph/onnx_graph.h"
#include "graph/onnx_nodes.h"
#include "graph/shape_inference.h"
#include "graph/verifier.h"

namespace banyan {

namespace {

constexpr std::int64_t kIrVersion = 8;
constexpr std::int64_t kMostBytes = std::numeric_limits<std::int32_t>::max(); // of a protobuf message

void check_options(const OnnxExportOptions& options) {
    BANYAN_CHECK(options.batch >= 1, "onnx: expected a batch of 1 or more pictures, found ", options.batch);
    for (const std::int64_t extent : {options.height, options.width}) {
        BANYAN_CHECK(extent >= 0 && extent <= kMaxExtent, "onnx: expected a height and width in [0, ", kMaxExtent,
                     "], found ", extent);
    }
    for (const double std : options.std) {
        BANYAN_CHECK(std > 0, "onnx: expected a standard deviation > 0, found ", std);
    }
}

void check_size(std::int64_t bytes) {
    if (bytes <= kMostBytes) return;
    throw ModelFileError(ErrorText{"onnx", "the network is too large for a file of this format",
                                   "at most " + std::to_string(kMostBytes) + " bytes", std::to_string(bytes),
                                   "export fewer tasks"});
}

std::int64_t bytes_of_parameters(const Graph& graph) {
    std::int64_t bytes = 0;
    for (const auto& [name, parameter] : graph.parameters) {
        std::int64_t count = 1;
        for (const std::int64_t extent : parameter.shape) count *= extent;
        bytes += count * static_cast<std::int64_t>(sizeof(float));
    }
    return bytes;
}

/// Writes a graph and what stands around it.
class GraphExport {
public:
    GraphExport(const Graph& graph, const HostTensors& tensors, const OnnxExportOptions& options)
        : graph_(graph), tensors_(tensors), options_(options) {}

    void run() {
        image_ = onnx_.new_name(kImageName);
        name_values();
        onnx_.add_input(image_, dims_of(graph_.value(graph_.input)));
        write_normalisation();
        append_onnx_nodes(graph_, tensors_, options_.batch, names_, onnx_);
        write_outputs();
        for (std::size_t v = 0; v < names_.size(); ++v) {
            if (!is_output_[v]) onnx_.add_value(names_[v], dims_of(graph_.values[v]));
        }
    }

    const ProtobufWriter& message() const { return onnx_.message(); }

private:
    OnnxDims dims_of(const Value& value) const {
        return {options_.batch, value.shape.channels, value.shape.height, value.shape.width};
    }

    /// Outputs first, so that nothing else can take their names.
    void name_values() {
        names_.resize(graph_.values.size());
        is_output_.resize(graph_.values.size(), false);
        for (const auto& [name, id] : graph_.outputs) {
            BANYAN_CHECK(onnx_.new_name(name) == name, "onnx: the output \"", name, "\" has the name of the input");
            const auto value = static_cast<std::size_t>(id);
            if (!is_output_[value]) names_[value] = name;
            is_output_[value] = true;
        }
        for (std::size_t v = 0; v < names_.size(); ++v) {
            if (is_output_[v]) continue;
            const bool is_image = static_cast<ValueId>(v) == graph_.input;
            names_[v] = onnx_.new_name(is_image ? kOnnxNormalisedImage : graph_.values[v].name);
        }
    }

    void write_normalisation() {
        std::vector<float> factors, offsets;
        for (std::size_t c = 0; c < options_.mean.size(); ++c) {
            factors.push_back(static_cast<float>(1 / options_.std[c]));
            offsets.push_back(static_cast<float>(-options_.mean[c] / options_.std[c]));
        }
        const OnnxDims per_channel{1, kImageChannels, 1, 1};
        const std::string factor = onnx_.new_name("normalise.factor"), offset = onnx_.new_name("normalise.offset");
        onnx_.add_floats(factor, per_channel, factors);
        onnx_.add_floats(offset, per_channel, offsets);
        const std::string scaled = onnx_.new_name("normalise.scaled");
        onnx_.add_node({"Mul", "normalise.mul", {image_, factor}, scaled});
        onnx_.add_node({"Add", "normalise.add", {scaled, offset}, names_.at(static_cast<std::size_t>(graph_.input))});
    }

    void write_outputs() {
        for (const auto& [name, id] : graph_.outputs) {
            const std::string& made = names_.at(static_cast<std::size_t>(id));
            if (made != name) onnx_.add_node({"Identity", name, {made}, name});
            onnx_.add_output(name, dims_of(graph_.value(id)));
        }
    }

    const Graph& graph_;
    const HostTensors& tensors_;
    const OnnxExportOptions& options_;
    OnnxGraph onnx_{"banyan"};
    std::string image_;
    std::vector<std::string> names_; ///< ONNX names of the values, by their ids
    std::vector<bool> is_output_;
};

} // namespace

std::string to_onnx(const GraphWithValues& network, const OnnxExportOptions& options) {
    check_options(options);
    verify(network.graph);
    check_size(bytes_of_parameters(network.graph));
    const ValueShape& image = network.graph.value(network.graph.input).shape;
    const Graph graph = resized(network.graph, options.height != 0 ? options.height : image.height,
                                options.width != 0 ? options.width : image.width);

    GraphExport graph_export(graph, network.tensors, options);
    graph_export.run();
    ProtobufWriter model, opset;
    model.add_integer(onnx::kModelIrVersion, kIrVersion);
    model.add_bytes(onnx::kModelProducerName, "banyan");
    model.add_bytes(onnx::kModelProducerVersion, options.producer_version);
    opset.add_bytes(onnx::kOpsetDomain, "");
    opset.add_integer(onnx::kOpsetVersion, kOnnxOpset);
    model.add_message(onnx::kModelOpsetImport, opset);
    for (const auto& [key, value] : options.metadata) {
        ProtobufWriter entry;
        entry.add_bytes(onnx::kEntryKey, key);
        entry.add_bytes(onnx::kEntryValue, value);
        model.add_message(onnx::kModelMetadata, entry);
    }
    model.add_message(onnx::kModelGraph, graph_export.message());
    check_size(static_cast<std::int64_t>(model.bytes().size()));
    return std::move(model).bytes();
}

} // namespace banyan
