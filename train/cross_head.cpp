#include "train/cross_head.h"

#include <algorithm>
#include <optional>

#include "core/error.h"

namespace banyan {

namespace {

/// What both heads need to have in common, as text.
std::string head_text(const Branch& branch) {
    const HeadOptions& head = branch.options.head;
    std::string text = std::string(head.split_towers ? "two " : "") +
                       (head.tower == TowerKind::separable ? "separable " : "conv ") + std::to_string(head.depth) +
                       " x " + std::to_string(head.width) + ", " + std::to_string(head.box_bins) + " bins, levels";
    for (const int level : branch.options.anchors.levels) text += " " + std::to_string(level);
    return text;
}

void check_match(const Branch& ours, const Branch& theirs, const std::vector<TaskLink>& links,
                 const std::string& where) {
    const std::string at = where + ", \"cross\", branch " + ours.name;
    const auto refuse = [&](const char* what, const std::string& expected, const std::string& found) {
        throw ConfigError(ErrorText{at, what, expected, found, "leave \"cross\" out, or give both one head"});
    };
    const auto is_whole = [&](const TaskLink& link) { return link.teacher_branch == links.front().teacher_branch; };
    const bool all_tasks = links.size() == ours.options.tasks.size() && theirs.class_count() == ours.class_count();
    if (!all_tasks || !std::all_of(links.begin(), links.end(), is_whole)) {
        refuse("the teacher has no branch of the same tasks", "", "");
    }
    for (const TaskLink& link : links) {
        if (link.classes != link.teacher_classes) refuse("the teacher has its classes in another order", "", "");
    }
    if (head_text(ours) != head_text(theirs))
        refuse("the teacher has another head", head_text(ours), head_text(theirs));
    if (!(ours.options.anchors == theirs.options.anchors)) refuse("the teacher has other anchors", "", "");
    if (ours.options.head.depth == 0) refuse("a head without a tower cannot be shared", "a depth of 1 or more", "0");
}

/// Ends of the layer of a branch's towers behind which the teacher goes on, one a tower and level.
std::vector<ValueId> cut_values(const Graph& graph, const Branch& branch, const std::string& where) {
    const HeadOptions& head = branch.options.head;
    const std::string layer = std::to_string(std::max(1, head.depth / 2) - 1);
    std::vector<std::string> towers{"tower"};
    if (head.split_towers) towers = {"cls_tower", "box_tower"};
    std::vector<ValueId> values;
    for (const std::string& tower : towers) {
        for (const int level : branch.options.anchors.levels) {
            const std::string name =
                "branches." + branch.head + "." + tower + "." + layer + ".act.p" + std::to_string(level);
            const std::optional<ValueId> value = graph.find_value(name);
            if (!value) {
                throw ConfigError(ErrorText{where + ", \"cross\"", "the head's graph has no value \"" + name + "\"", "",
                                            "", "leave \"cross\" out"});
            }
            values.push_back(*value);
        }
    }
    return values;
}

} // namespace

std::vector<CrossHead> link_cross_heads(const MultiTaskModel& network, const MultiTaskModel& teacher,
                                        const std::vector<std::vector<TaskLink>>& links, const std::string& where) {
    std::vector<CrossHead> heads(links.size());
    for (std::size_t b = 0; b < links.size(); ++b) {
        if (links[b].empty()) continue;
        const Branch& ours = network.branches()[b];
        const Branch& theirs = teacher.branches()[links[b].front().teacher_branch];
        check_match(ours, theirs, links[b], where);
        heads[b] = {cut_values(network.module().graph(), ours, where),
                    cut_values(teacher.module().graph(), theirs, where + " of the teacher")};
    }
    return heads;
}

} // namespace banyan
