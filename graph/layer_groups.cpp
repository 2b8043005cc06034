#include "graph/layer_groups.h"

#include <algorithm>
#include <tuple>

#include "graph/dump.h"
#include "graph/rebuild.h"

namespace banyan {

namespace {

bool may_join(const Node& node) {
    return std::holds_alternative<BatchNormAttributes>(node.attributes) ||
           std::holds_alternative<GroupNormAttributes>(node.attributes) ||
           std::holds_alternative<ActivationAttributes>(node.attributes) ||
           std::holds_alternative<ScaleAttributes>(node.attributes) ||
           std::holds_alternative<FakeQuantAttributes>(node.attributes);
}

/// Length of the first two dotted parts of a name, without the dot behind them; a last part stands for itself.
std::size_t part_length(const std::string& name) {
    const std::size_t last = name.rfind('.');
    if (last == std::string::npos) return 0;
    return std::min(name.find('.', name.find('.') + 1), last);
}

class Grouping {
public:
    explicit Grouping(const Graph& graph)
        : graph_(graph), readers_(consumers(graph)), group_of_(graph.values.size(), kImageGroup) {}

    std::vector<LayerGroup> run() {
        for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
            const Node& node = graph_.nodes[n];
            LayerGroup& group = joins(node) ? groups_[static_cast<std::size_t>(group_at(node.inputs[0]))] : start(node);
            group.operation += (group.nodes.empty() ? "" : ", ") + short_operation(node);
            group.nodes.push_back(static_cast<int>(n));
            group.output = node.output;
            group_of_[static_cast<std::size_t>(node.output)] = static_cast<int>(&group - groups_.data());
        }
        for (const auto& [name, id] : graph_.outputs) {
            const int group = group_at(id);
            if (group != kImageGroup) groups_[static_cast<std::size_t>(group)].output_names.push_back(name);
        }
        return std::move(groups_);
    }

private:
    int group_at(ValueId id) const { return group_of_[static_cast<std::size_t>(id)]; }

    bool joins(const Node& node) const {
        if (!may_join(node) || group_at(node.inputs.at(0)) == kImageGroup) return false;
        const ValueId in = node.inputs[0];
        const auto is_in = [in](const auto& output) { return output.second == in; };
        return readers_[static_cast<std::size_t>(in)].size() == 1 &&
               std::none_of(graph_.outputs.begin(), graph_.outputs.end(), is_in);
    }

    LayerGroup& start(const Node& node) {
        LayerGroup group;
        std::tie(group.part, group.name) = split_name(node.name);
        for (const ValueId id : node.inputs) {
            const int input = group_at(id);
            if (std::find(group.inputs.begin(), group.inputs.end(), input) == group.inputs.end()) {
                group.inputs.push_back(input);
            }
        }
        return groups_.emplace_back(std::move(group));
    }

    const Graph& graph_;
    std::vector<std::vector<int>> readers_;
    std::vector<int> group_of_; ///< by value
    std::vector<LayerGroup> groups_;
};

} // namespace

std::pair<std::string, std::string> split_name(const std::string& node_name) {
    const std::size_t length = part_length(node_name);
    return {node_name.substr(0, length), node_name.substr(length == 0 ? 0 : length + 1)};
}

std::string short_operation(const Node& node) {
    if (std::holds_alternative<BatchNormAttributes>(node.attributes)) return "bn";
    return std::holds_alternative<GroupNormAttributes>(node.attributes) ? "gn" : describe(node);
}

std::vector<LayerGroup> layer_groups(const Graph& graph) { return Grouping(graph).run(); }

std::vector<std::string> parts_of(const std::vector<LayerGroup>& groups) {
    std::vector<std::string> parts;
    for (const LayerGroup& group : groups) {
        if (std::find(parts.begin(), parts.end(), group.part) == parts.end()) parts.push_back(group.part);
    }
    return parts;
}

} // namespace banyan
