#include "label/onnx_teacher.h"

#include <algorithm>
#include <utility>

#include "core/atomic_file.h"
#include "core/error.h"
#include "graph/pass_list.h"
#include "graph/shape_inference.h"
#include "image/letterbox.h"

namespace banyan {

namespace {

/// The values that the decoder reads; none: the outputs of the file.
std::vector<std::string> read_outputs(const OnnxOptions& options) {
    std::vector<std::string> names;
    if (const auto* ssd = std::get_if<SsdOptions>(&options.decoder)) {
        for (const SsdLevelOptions& level : ssd->levels) names.insert(names.end(), {level.classes, level.boxes});
    }
    return names;
}

ImportedNetwork import_teacher(const LabelTeacherOptions& options) {
    OnnxImportOptions import;
    import.file_name = options.file;
    import.outputs = read_outputs(*options.onnx);
    import.mean.fill(options.onnx->mean);
    import.std.fill(options.onnx->std);
    import.bgr = options.onnx->bgr;
    return import_onnx(read_file(options.file), import);
}

[[noreturn]] void refuse(const LabelTeacherOptions& options, const std::string& what, const std::string& expected,
                         const std::string& found) {
    throw ConfigError(ErrorText{options.where, options.file + " " + what, expected, found,
                                "`banyan explain " + options.file + "` lists the network's values"});
}

/// Classes of an SSD's levels, with the background. @throws ConfigError values that are no level
std::int64_t count_classes(const SsdOptions& ssd, const LabelTeacherOptions& options, const Graph& graph) {
    std::int64_t count = 0;
    for (const SsdLevelOptions& level : ssd.levels) {
        const ValueShape& classes = graph.value(graph.outputs.at(level.classes)).shape;
        const ValueShape& boxes = graph.value(graph.outputs.at(level.boxes)).shape;
        const auto map_of = [](const ValueShape& shape) {
            return OutputMap{nullptr, shape.height, shape.width, shape.channels};
        };
        const auto anchors = static_cast<std::int64_t>(level.sizes_px.size());
        if (!is_ssd_level({map_of(classes), map_of(boxes), level.sizes_px})) {
            refuse(options,
                   "has no level of " + std::to_string(anchors) + " anchors a cell in \"" + level.classes +
                       "\" and \"" + level.boxes + "\"",
                   "the same cells, two classes or more and 4 box codes an anchor",
                   to_text(classes) + " and " + to_text(boxes));
        }
        if (count != 0 && classes.channels / anchors != count) {
            refuse(options, "has levels of different classes", std::to_string(count) + " an anchor",
                   std::to_string(classes.channels / anchors) + " in \"" + level.classes + "\"");
        }
        count = classes.channels / anchors;
    }
    return count;
}

std::int64_t count_classes(const FastestDetOptions&, const LabelTeacherOptions& options, const Graph& graph) {
    const ValueShape& shape = graph.value(graph.outputs.begin()->second).shape;
    if (graph.outputs.size() != 1 || shape.channels <= kFastestDetNumbers) {
        refuse(options, "is no FastestDet", "one output of 6 channels or more",
               std::to_string(graph.outputs.size()) + " outputs, the first of " + to_text(shape));
    }
    return shape.channels - kFastestDetNumbers;
}

/// A class that the network does not tell of would leave pictures without any. @throws ConfigError
void check_classes(const LabelTeacherOptions& options, const Graph& graph) {
    const bool has_background = std::holds_alternative<SsdOptions>(options.onnx->decoder);
    const std::int64_t first = has_background ? 1 : 0;
    const std::int64_t count =
        std::visit([&](const auto& decoder) { return count_classes(decoder, options, graph); }, options.onnx->decoder);
    for (const auto& [source, class_id] : options.onnx->classes) {
        if (source >= first && source < count) continue;
        throw ConfigError(ErrorText{options.where + "/tasks", "no class of " + options.file,
                                    std::to_string(first) + " to " + std::to_string(count - 1) +
                                        (has_background ? "; 0 is background" : ""),
                                    std::to_string(source), ""});
    }
}

DecodingOptions decode_options_of(const OnnxOptions& options, const Graph& graph) {
    const ValueShape& input = graph.value(graph.input).shape;
    DecodingOptions result;
    result.input_height = input.height;
    result.input_width = input.width;
    result.lowest_score = kLowestTeacherScore;
    for (const auto& [source, class_id] : options.classes) {
        const auto index = static_cast<std::size_t>(source);
        if (result.class_of_source.size() <= index) result.class_of_source.resize(index + 1, -1);
        result.class_of_source[index] = class_id;
    }
    return result;
}

EngineOptions engine_options_of(const ImportedNetwork& imported, int threads) {
    EngineOptions options;
    options.mean = imported.mean;
    options.std = imported.std;
    options.threads = threads;
    return options;
}

} // namespace

OnnxTeacher::Shared OnnxTeacher::load(const LabelTeacherOptions& options, int threads) {
    ImportedNetwork imported = import_teacher(options);
    const EngineOptions engine = engine_options_of(imported, threads);
    check_classes(options, imported.network.graph);
    return {std::make_shared<PackedNetwork>(apply_passes(std::move(imported.network))), engine};
}

OnnxTeacher::OnnxTeacher(const LabelTeacherOptions& options, int threads)
    : OnnxTeacher(options, load(options, threads)) {}

OnnxTeacher::OnnxTeacher(const LabelTeacherOptions& options, Shared shared)
    : options_(options), decode_with_(decode_options_of(*options.onnx, shared.network->graph())),
      shared_(std::move(shared)), engine_(shared_.network, shared_.engine) {}

OnnxTeacher::OnnxTeacher(const OnnxTeacher& other) : OnnxTeacher(other.options_, other.shared_) {}

std::unique_ptr<LabelTeacher> OnnxTeacher::another_stream() const { return std::make_unique<OnnxTeacher>(*this); }

OutputMap OnnxTeacher::map_of(const std::string& output) const {
    const EngineOutput found = engine_.output(output);
    return {found.data, found.shape.height, found.shape.width, found.shape.channels, output};
}

std::vector<ScoredBox> OnnxTeacher::decode() const {
    const auto* ssd = std::get_if<SsdOptions>(&options_.onnx->decoder);
    if (ssd == nullptr) {
        // The one output of the file.
        return decode_fastestdet(map_of(engine_.graph().outputs.begin()->first), decode_with_);
    }
    std::vector<SsdLevel> levels;
    for (const SsdLevelOptions& level : ssd->levels) {
        levels.push_back({map_of(level.classes), map_of(level.boxes), level.sizes_px});
    }
    return decode_ssd(levels, ssd->variances, decode_with_);
}

std::vector<ScoredBox> OnnxTeacher::find(const Image& picture) {
    LetterboxGeometry geometry;
    const Image input = letterbox(picture, static_cast<int>(decode_with_.input_width),
                                  static_cast<int>(decode_with_.input_height), geometry);
    engine_.run(input.rgb.data());
    NmsOptions suppress;
    suppress.iou_threshold = static_cast<float>(options_.onnx->nms_iou);
    std::vector<ScoredBox> boxes = suppress_overlaps(decode(), suppress);
    for (ScoredBox& scored : boxes) {
        scored.box = clip(geometry.to_original(scored.box), static_cast<float>(picture.width),
                          static_cast<float>(picture.height));
    }
    std::erase_if(boxes, [](const ScoredBox& scored) { return scored.box.area() <= 0; });
    return boxes;
}

} // namespace banyan
