#include "apps/explain_onnx.h"

#include <cstdio>
#include <iostream>

#include <nlohmann/json.hpp>

#include "apps/explain_plan.h"
#include "apps/onnx_values.h"
#include "apps/option_values.h"
#include "core/atomic_file.h"
#include "graph/cost.h"
#include "graph/dump.h"
#include "graph/picture.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

void print_json(const ImportedNetwork& imported) {
    const Graph& graph = imported.network.graph;
    const ValueShape& input = graph.value(graph.input).shape;
    const Cost cost = total_cost(graph);
    Json outputs = Json::object();
    for (const auto& [name, id] : graph.outputs) {
        const ValueShape& shape = graph.value(id).shape;
        outputs[name] = {{"channels", shape.channels},
                         {"height", shape.height},
                         {"width", shape.width},
                         {"order", imported.outputs.at(name).order}};
    }
    const Json result{
        {"height", input.height},
        {"width", input.width},
        {"outputs", outputs},
        {"nodes", graph.nodes.size()},
        {"total", {{"parameters", cost.parameters}, {"macs", cost.macs}, {"activation_bytes", cost.activation_bytes}}}};
    std::cout << result.dump() << "\n";
}

void print_overview(const ImportedNetwork& imported) {
    const Graph& graph = imported.network.graph;
    const ValueShape& input = graph.value(graph.input).shape;
    const Cost cost = total_cost(graph);
    std::cout << "input " << input.height << " x " << input.width << "\noutputs\n";
    for (const auto& [name, id] : graph.outputs) {
        const ValueShape& shape = graph.value(id).shape;
        std::cout << "  " << name << ": " << shape.channels << " channels of " << shape.height << " x " << shape.width
                  << "; in the file " << imported.outputs.at(name).order << "\n";
    }
    char line[160];
    std::snprintf(line, sizeof line, "%zu nodes, %lld parameters, %.2f mega-MACs a picture\n", graph.nodes.size(),
                  static_cast<long long>(cost.parameters), static_cast<double>(cost.macs) / 1e6);
    std::cout << line;
}

void explain_packed(const ImportedNetwork& imported, const Options& options) {
    const PackedOnnx packed = pack_onnx(imported, options);
    Engine engine(packed.network, packed.engine);
    const std::vector<std::uint8_t> pixels = grey_pixels(engine);
    explain_plan(
        engine, [&](std::vector<double>& seconds) { engine.run_timed(pixels.data(), seconds); }, options);
}

} // namespace

void explain_onnx(const Options& options) {
    const std::string file = text_option(options, "input");
    refuse_options(options, {"set", "tasks", "cost", "anchors"}, file);
    const ImportedNetwork imported = import_onnx_file(file, options);
    if (options.count("plan") != 0 || options.count("fusion") != 0) return explain_packed(imported, options);
    const Graph& graph = imported.network.graph;
    if (options.count("dot") != 0) write_file_atomically(text_option(options, "dot"), to_dot(graph));
    if (options.count("svg") != 0) write_file_atomically(text_option(options, "svg"), to_svg(graph));
    if (options.count("json") != 0) return print_json(imported);
    print_overview(imported);
    if (options.count("graph") != 0) std::cout << "\n" << dump(graph);
}

} // namespace banyan
