#include <algorithm>
#include <array>
#include <iterator>

#include "core/check.h"
#include "graph/layer_groups.h"
#include "graph/layered_svg.h"
#include "graph/picture.h"
#include "graph/rebuild.h"

namespace banyan {

namespace {

constexpr const char* kGrey = "#f0f0f0";
/// Of groups of several nodes, one after the other. Fewer than part_colour has, so that none resembles another.
constexpr std::array kColours{"#bcdcf7", "#ffe48f", "#bfe5b0", "#f8bcc8", "#d5c4f1", "#ffcb99", "#a8e3dc"};

const Node& node_at(const Graph& graph, int node) { return graph.nodes[static_cast<std::size_t>(node)]; }

/// Group of each node.
std::vector<int> groups_of_nodes(const Graph& graph, const std::vector<FusionGroup>& groups) {
    constexpr int kNone = -1;
    std::vector<int> group_of(graph.nodes.size(), kNone);
    for (std::size_t g = 0; g < groups.size(); ++g) {
        BANYAN_CHECK(!groups[g].nodes.empty(), "fusion picture: group ", g, " has no nodes");
        for (const int node : groups[g].nodes) {
            BANYAN_CHECK(node >= 0 && node < std::ssize(group_of), "fusion picture: group ", g, " has node ", node,
                         " of ", group_of.size());
            int& group = group_of[static_cast<std::size_t>(node)];
            BANYAN_CHECK(group == kNone, "fusion picture: node ", node_at(graph, node).name, " is in two groups");
            group = static_cast<int>(g);
        }
    }
    const auto left_out = std::find(group_of.begin(), group_of.end(), kNone);
    BANYAN_CHECK(left_out == group_of.end(), "fusion picture: node ",
                 graph.nodes[static_cast<std::size_t>(left_out - group_of.begin())].name, " is in no group");
    return group_of;
}

/// Other groups whose values a group reads, each once.
std::vector<int> inputs_of(const Graph& graph, const FusionGroup& group, const std::vector<int>& group_of) {
    const int self = group_of[static_cast<std::size_t>(group.nodes[0])];
    std::vector<int> inputs;
    for (const int n : group.nodes) {
        const Node& node = node_at(graph, n);
        for (std::size_t i = 0; i < data_input_count(node); ++i) {
            const int producer = graph.value(node.inputs[i]).producer;
            const int input = producer < 0 ? kImageGroup : group_of[static_cast<std::size_t>(producer)];
            BANYAN_CHECK(input <= self, "fusion picture: node ", node.name, " reads what a later group makes");
            if (input == self || std::find(inputs.begin(), inputs.end(), input) != inputs.end()) continue;
            inputs.push_back(input);
        }
    }
    return inputs;
}

/// "features.1.conv.0.0 … 0.2": of the last node without the dotted parts that the first one has as well.
std::string joined_names(const Graph& graph, const std::vector<int>& nodes) {
    const std::string first = split_name(node_at(graph, nodes.front()).name).second;
    if (nodes.size() == 1) return first;
    const std::string last = split_name(node_at(graph, nodes.back()).name).second;
    std::size_t shared = 0;
    for (std::size_t i = 0; i < std::min(first.size(), last.size()) && first[i] == last[i]; ++i) {
        if (first[i] == '.') shared = i + 1;
    }
    return first + (nodes.size() == 2 ? " + " : " \u2026 ") + last.substr(shared);
}

/// Operators joined by " + ", in lines that a box can show whole.
std::vector<std::string> joined_operators(const Graph& graph, const std::vector<int>& nodes) {
    std::vector<std::string> lines{short_operation(node_at(graph, nodes[0]))};
    for (std::size_t i = 1; i < nodes.size(); ++i) {
        const std::string next = "+ " + short_operation(node_at(graph, nodes[i]));
        if (lines.back().size() + 1 + next.size() < kMaxLetters) {
            lines.back() += " " + next;
        } else {
            lines.push_back(next);
        }
    }
    return lines;
}

LayeredBox box_of(const Graph& graph, const FusionGroup& group) {
    const std::vector<std::string> operators = joined_operators(graph, group.nodes);
    std::string operation = operators[0];
    for (std::size_t i = 1; i < operators.size(); ++i) operation += " " + operators[i];
    LayeredBox box = labelled_box(graph, group.nodes, joined_names(graph, group.nodes), operation);
    box.part = split_name(node_at(graph, group.nodes.back()).name).first;
    if (group.nodes.size() == 1) return box;
    const auto operation_line = box.lines.erase(box.lines.begin() + 1);
    box.lines.insert(operation_line, operators.begin(), operators.end());
    box.lines.push_back(std::to_string(group.nodes.size()) + " nodes");
    return box;
}

std::vector<LayeredBox> boxes_of(const Graph& graph, const std::vector<FusionGroup>& groups) {
    const std::vector<int> group_of = groups_of_nodes(graph, groups);
    std::vector<LayeredBox> boxes;
    for (const FusionGroup& group : groups) {
        boxes.push_back(box_of(graph, group));
        boxes.back().inputs = inputs_of(graph, group, group_of);
    }
    return boxes;
}

/// Colours the groups' boxes, each unlike those that it reads.
void colour(std::vector<LayeredBox>& boxes, const std::vector<FusionGroup>& groups) {
    std::size_t next = 0;
    for (std::size_t g = 0; g < boxes.size(); ++g) {
        boxes[g].colour = kGrey;
        if (groups[g].nodes.size() == 1) continue;
        const auto is_next = [&](int input) {
            return input != kImageGroup &&
                   boxes[static_cast<std::size_t>(input)].colour == kColours[next % kColours.size()];
        };
        const std::vector<int>& inputs = boxes[g].inputs;
        for (std::size_t tries = 1; tries < kColours.size(); ++tries) {
            if (std::none_of(inputs.begin(), inputs.end(), is_next)) break;
            ++next;
        }
        boxes[g].colour = kColours[next++ % kColours.size()];
    }
}

std::string counted(std::size_t count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

} // namespace

std::string fusion_svg(const Graph& graph, const std::vector<FusionGroup>& groups) {
    LayeredPicture before{"before: " + counted(graph.nodes.size(), "operator"), {}};
    LayeredPicture after{"after: " + counted(groups.size(), "group"), boxes_of(graph, groups)};
    before.boxes = boxes_of(graph, separate_operators(graph));
    colour(after.boxes, groups);
    const LayeredLayout rows(before.boxes, 0, 0);
    for (std::size_t g = 0; g < groups.size(); ++g) {
        after.boxes[g].lowest_row = rows.last_row(groups[g].nodes.back());
        for (const int node : groups[g].nodes) {
            before.boxes[static_cast<std::size_t>(node)].colour = after.boxes[g].colour;
        }
    }
    return layered_svg(graph, {before, after});
}

} // namespace banyan
