#include "apps/onnx_values.h"

#include <algorithm>

#include "apps/option_values.h"
#include "core/atomic_file.h"
#include "core/cpu_features.h"
#include "graph/pass_list.h"

namespace banyan {

namespace {

constexpr const char* kFuseOperators = "fuse_operators";

/// What --without names; boxes are never deferred here, for there is no head.
struct DisabledPasses {
    std::vector<std::string> of_graph;
    bool fusion = false;
};

[[noreturn]] void refuse_pass(const std::string& name) {
    std::string known = kFuseOperators;
    for (const GraphPass& pass : graph_passes()) known += std::string(", ") + pass.name;
    throw UsageError(ErrorText{"--without", "an ONNX file has no such pass", known, "\"" + name + "\"", ""});
}

DisabledPasses disabled_passes(const Options& options) {
    DisabledPasses result;
    if (options.count("without") == 0) return result;
    for (const std::string& name : split_names(text_option(options, "without"), "--without")) {
        const auto is_named = [&](const GraphPass& pass) { return name == pass.name; };
        if (name == kFuseOperators) {
            result.fusion = true;
        } else if (std::any_of(graph_passes().begin(), graph_passes().end(), is_named)) {
            result.of_graph.push_back(name);
        } else {
            refuse_pass(name);
        }
    }
    return result;
}

} // namespace

bool is_onnx_file(const std::string& path) { return path.ends_with(".onnx"); }

ImportedNetwork import_onnx_file(const std::string& file, const Options& options) {
    OnnxImportOptions import;
    import.file_name = file;
    if (options.count("outputs") != 0) import.outputs = split_names(text_option(options, "outputs"), "--outputs");
    return import_onnx(read_file(file), import);
}

PackedOnnx pack_onnx(const ImportedNetwork& imported, const Options& options) {
    const DisabledPasses disabled = disabled_passes(options);
    PackedOnnx packed;
    packed.engine.mean = imported.mean;
    packed.engine.std = imported.std;
    packed.engine.fuse = !disabled.fusion;
    if (options.count("fp32") == 0 && has_fast_bf16()) packed.engine.precision = NumberType::bf16;
    if (options.count("threads") != 0) packed.engine.threads = number_option<int>(options, "threads", 0, 1024);
    packed.network = std::make_shared<PackedNetwork>(apply_passes(imported.network, disabled.of_graph));
    return packed;
}

std::vector<std::uint8_t> grey_pixels(const Engine& engine) {
    constexpr std::uint8_t kGrey = 114;
    const ValueShape& shape = engine.graph().value(engine.graph().input).shape;
    return std::vector<std::uint8_t>(static_cast<std::size_t>(shape.height * shape.width * shape.channels), kGrey);
}

void refuse_options(const Options& options, const std::vector<std::string>& names, const std::string& file) {
    for (const std::string& name : names) {
        if (options.count(name) == 0) continue;
        throw UsageError(ErrorText{"--" + name, "means nothing for " + file, "", "", "leave it out"});
    }
}

} // namespace banyan
