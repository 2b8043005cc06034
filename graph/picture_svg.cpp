#include <algorithm>

#include "graph/layer_groups.h"
#include "graph/layered_svg.h"
#include "graph/picture.h"

namespace banyan {

std::string to_svg(const Graph& graph) {
    const std::vector<LayerGroup> groups = layer_groups(graph);
    const std::vector<std::string> parts = parts_of(groups);
    LayeredPicture picture;
    for (const LayerGroup& group : groups) {
        LayeredBox box = labelled_box(graph, group.nodes, group.name, group.operation);
        box.part = group.part;
        box.inputs = group.inputs;
        const auto part = std::find(parts.begin(), parts.end(), group.part) - parts.begin();
        box.colour = part_colour(static_cast<std::size_t>(part));
        picture.boxes.push_back(std::move(box));
    }
    return layered_svg(graph, {picture});
}

} // namespace banyan
