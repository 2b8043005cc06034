#include "network/branch.h"

#include <utility>

#include "core/check.h"
#include "heads/head.h"

namespace banyan {

namespace {

bool is_in_branches(const std::string& node_name) { return node_name.rfind("branches.", 0) == 0; }

/// The trunk value from which the branch computes `output`, found by walking back out of the branch's nodes.
ValueId trunk_value_of(const Graph& graph, ValueId output) {
    ValueId value = output;
    for (const Node* node = graph.producer(value); node && is_in_branches(node->name); node = graph.producer(value)) {
        value = node->inputs.at(0);
    }
    return value;
}

/// @param kind "class" or "box" @param per_anchor channels of each anchor of a cell
void check_channels(const Graph& graph, ValueId value, const Branch& branch, const char* kind,
                    std::int64_t per_anchor) {
    const std::int64_t expected = static_cast<std::int64_t>(anchors_per_cell(branch.options.anchors)) * per_anchor;
    const std::int64_t found = graph.value(value).shape.channels;
    BANYAN_CHECK(found == expected, "branch ", branch.name, ": expected ", expected, " ", kind, " channels, found ",
                 found);
}

/// Fills in what the graph has of the branch.
void find_values(const Graph& graph, Branch& branch) {
    for (const int level : branch.options.anchors.levels) {
        const auto classes = graph.outputs.find(class_output_name(branch.name, level));
        const auto boxes = graph.outputs.find(box_output_name(branch.name, level));
        if (classes == graph.outputs.end() || boxes == graph.outputs.end()) continue;
        check_channels(graph, classes->second, branch, "class", static_cast<std::int64_t>(branch.class_count()));
        check_channels(graph, boxes->second, branch, "box", box_channels(branch.options.head));
        branch.class_values.push_back(classes->second);
        branch.box_values.push_back(boxes->second);
        branch.features.push_back(trunk_value_of(graph, classes->second));
    }
}

} // namespace

std::vector<Branch> find_branches(const ModelOptions& options, const ClassTable& table, const Graph& graph) {
    std::vector<Branch> branches;
    for (const BranchOptions& head : options.branches) {
        for (const BranchOptions& branch_options : branches_of_head(head)) {
            Branch branch{
                branch_options.name, head.name, branch_options, classes_of(branch_options, table), {}, {}, {}};
            find_values(graph, branch);
            if (branch.class_values.empty()) continue;
            BANYAN_CHECK(branch.class_values.size() == branch_options.anchors.levels.size(), "branch ", branch.name,
                         ": the graph has outputs of ", branch.class_values.size(), " of its ",
                         branch_options.anchors.levels.size(), " levels");
            branches.push_back(std::move(branch));
        }
    }
    BANYAN_CHECK(!branches.empty(), "the graph has no output of any branch");
    return branches;
}

} // namespace banyan
