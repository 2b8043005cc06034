#include "benchmarks/measured_network.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "backbone/neck.h"
#include "core/error.h"
#include "core/random.h"
#include "graph/builder.h"
#include "graph/pass_list.h"
#include "heads/head.h"
#include "image/image_codec.h"
#include "image/letterbox.h"
#include "network/model_file.h"

namespace banyan {

namespace {

constexpr std::int64_t kDetectorSide = 320, kClassifierSide = 224;
constexpr std::int64_t kDetectorChannels = 128, kAnchorsPerCell = 9;
constexpr std::uint64_t kWeightSeed = 1, kPictureSeed = 2;

Graph detector() {
    GraphBuilder builder(kDetectorSide, kDetectorSide);
    const BackboneOutputs backbone = build_backbone({.type = BackboneType::resnet18}, builder, builder.image());
    const NeckOutputs neck = build_neck(builder, backbone.levels, {.channels = kDetectorChannels, .last_level = 5});
    for (const std::string branch : {"person", "face", "hand"}) {
        const HeadShape shape{branch, {{branch, 1}}, kAnchorsPerCell, 0};
        build_head(builder, neck.levels, shape, {.tower = TowerKind::conv, .depth = 2, .width = kDetectorChannels});
    }
    return builder.build();
}

Graph classifier(BackboneType type) {
    GraphBuilder builder(kClassifierSide, kClassifierSide);
    build_backbone({.type = type, .with_classifier = true}, builder, builder.image());
    return builder.build();
}

HostTensor drawn_values(const Parameter& parameter, Random random) {
    HostTensor tensor{parameter.shape, {}};
    const std::int64_t count = tensor.count();
    // He et al., arXiv:1502.01852, eq. (10): variance 2 / inputs, here of a uniform distribution.
    const double weight_bound =
        std::sqrt(6.0 * static_cast<double>(parameter.shape.front()) / static_cast<double>(count));
    const auto draw = [&]() -> double {
        switch (parameter.role) {
        case ParameterRole::conv_weight:
        case ParameterRole::linear_weight: return random.uniform(-weight_bound, weight_bound);
        case ParameterRole::norm_weight: return random.uniform(0.6, 1.4);
        case ParameterRole::running_var: return random.uniform(0.5, 2);
        case ParameterRole::scale: return 1;
        default: return random.uniform(-0.2, 0.2);
        }
    };
    for (std::int64_t i = 0; i < count; ++i) tensor.data.push_back(static_cast<float>(draw()));
    return tensor;
}

MeasuredNetwork with_drawn_weights(Graph graph, BackboneType type) {
    HostTensors tensors;
    std::uint64_t stream = 0;
    for (const auto& [name, parameter] : graph.parameters) {
        tensors[name] = drawn_values(parameter, Random(kWeightSeed, ++stream));
    }
    return {apply_passes({std::move(graph), std::move(tensors)}), default_preprocessing(type)};
}

std::vector<std::uint8_t> noise(const ValueShape& shape, Random random) {
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(shape.height * shape.width * kImageChannels));
    for (std::uint8_t& byte : pixels) byte = static_cast<std::uint8_t>(random.integer(0, 255));
    return pixels;
}

std::vector<std::vector<std::uint8_t>> pictures_in(const std::string& folder, const ValueShape& shape,
                                                   std::size_t most) {
    if (shape.height != shape.width) throw UsageError("pictures: the network does not take squares");
    std::vector<std::string> files;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        files.push_back(entry->path().string());
    }
    if (error) throw IoError(folder + ": cannot be listed: " + error.message());
    if (files.empty()) throw DataError(folder + ": no picture in this folder");
    std::sort(files.begin(), files.end());
    files.resize(std::min(files.size(), most));
    std::vector<std::vector<std::uint8_t>> pictures;
    for (const std::string& file : files) {
        LetterboxGeometry geometry;
        pictures.push_back(letterbox(read_image(file), static_cast<int>(shape.width), geometry).rgb);
    }
    return pictures;
}

} // namespace

MeasuredNetwork measured_network(const std::string& name) {
    if (name == "det3") return with_drawn_weights(detector(), BackboneType::resnet18);
    for (const BackboneType type : {BackboneType::resnet18, BackboneType::mobilenet_v2}) {
        if (name == backbone_name(type)) return with_drawn_weights(classifier(type), type);
    }
    if (!name.ends_with(".safetensors")) {
        throw UsageError(ErrorText{"network", "unknown", "det3, resnet18, mobilenet_v2 or a path of a model file",
                                   "\"" + name + "\"", ""});
    }
    ModelFile file = ModelFile::load(name);
    return {apply_passes({std::move(file.graph), std::move(file.tensors)}), file.options.preprocessing};
}

std::vector<std::vector<std::uint8_t>> measured_pictures(const Graph& graph, const std::string& folder,
                                                         std::size_t most) {
    const ValueShape& shape = graph.value(graph.input).shape;
    if (!folder.empty()) return pictures_in(folder, shape, most);
    std::vector<std::vector<std::uint8_t>> pictures;
    for (std::size_t i = 0; i < most; ++i) pictures.push_back(noise(shape, Random(kPictureSeed, i)));
    return pictures;
}

} // namespace banyan
