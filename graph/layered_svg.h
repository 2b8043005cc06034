#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/layered_layout.h"

namespace banyan {

/// Boxes of one network under a heading.
struct LayeredPicture {
    std::string heading; ///< empty: none
    std::vector<LayeredBox> boxes;
};

constexpr std::size_t kMaxLetters = 34; ///< of a line in a box; longer lines lose their beginning

/// The box of `nodes`, in order, of which the last one makes the result: its title, a line each for the name, the
/// operation and the shape with the graph's outputs that it is. Part, inputs and colour are left to the caller.
LayeredBox labelled_box(const Graph& graph, const std::vector<int>& nodes, const std::string& name,
                        const std::string& operation);

/// A complete SVG file: the pictures side by side, each with a box for the image of `graph` above its boxes.
std::string layered_svg(const Graph& graph, const std::vector<LayeredPicture>& pictures);

} // namespace banyan
