#include <array>

#include "graph/layer_groups.h"
#include "graph/picture.h"
#include "graph/shape_inference.h"

namespace banyan {

namespace {

std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        if (c == '\n') {
            result += "\\n";
        } else {
            result += c;
        }
    }
    return result + "\"";
}

std::string box_name(int group) { return group == kImageGroup ? "image" : "g" + std::to_string(group); }

std::string cluster(const Graph& graph, const std::vector<LayerGroup>& groups, const std::string& part,
                    std::size_t number) {
    std::string text = "  subgraph cluster_" + std::to_string(number) + " {\n    label=" + quoted(part) + ";\n";
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const LayerGroup& group = groups[g];
        if (group.part != part) continue;
        const std::string label = group.name + "\n" + group.operation + "\n" + to_text(graph.value(group.output).shape);
        text += "    " + box_name(static_cast<int>(g)) + " [label=" + quoted(label) + ", fillcolor=\"" +
                part_colour(number) + "\"];\n";
    }
    return text + "  }\n";
}

std::string edge(const std::string& from, const std::string& to) { return "  " + from + " -> " + to + ";\n"; }

} // namespace

const char* part_colour(std::size_t n) {
    static constexpr std::array kColours{"#cfe2f3", "#d9ead3", "#fff2cc", "#f4cccc", "#d9d2e9",
                                         "#fce5cd", "#d0e0e3", "#ead1dc", "#e2e2e2"};
    return kColours[n % kColours.size()];
}

std::string to_dot(const Graph& graph) {
    const std::vector<LayerGroup> groups = layer_groups(graph);
    const std::vector<std::string> parts = parts_of(groups);
    std::string text = "digraph network {\n  node [shape=box, style=filled, fontname=\"sans-serif\"];\n";
    text += "  image [label=" + quoted("image\n" + to_text(graph.value(graph.input).shape)) + ", fillcolor=white];\n";
    for (std::size_t p = 0; p < parts.size(); ++p) text += cluster(graph, groups, parts[p], p);
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const std::string box = box_name(static_cast<int>(g));
        for (const int input : groups[g].inputs) text += edge(box_name(input), box);
        for (const std::string& name : groups[g].output_names) {
            const std::string output = quoted("output " + name);
            text += "  " + output + " [label=" + quoted(name) + ", shape=ellipse, fillcolor=white];\n";
            text += edge(box, output);
        }
    }
    return text + "}\n";
}

} // namespace banyan
