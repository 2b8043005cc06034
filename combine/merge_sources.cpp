#include "combine/merge_sources.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "combine/anchor_union.h"
#include "core/error.h"

namespace banyan {

namespace {

TaskSource source_of(const MultiTaskModel& source, const std::string& task) {
    for (const Branch& branch : source.branches()) {
        const std::vector<std::string>& tasks = branch.options.tasks;
        if (std::find(tasks.begin(), tasks.end(), task) == tasks.end()) continue;
        const ClassTable& table = source.classes();
        const int index = table.find_task(task).value();
        const auto place = std::find(branch.classes.begin(), branch.classes.end(), table.first_class(index));
        const auto classes = table.tasks()[static_cast<std::size_t>(index)].classes.size();
        return {task, branch, place - branch.classes.begin(), static_cast<std::int64_t>(classes)};
    }
    throw UsageError(ErrorText{"--model", "has no outputs of the task \"" + task + "\"", "", "",
                               "take a model file that `banyan train` has written"});
}

const BranchOptions& head_named(const ModelOptions& options, const std::string& name) {
    return *std::find_if(options.branches.begin(), options.branches.end(),
                         [&](const BranchOptions& branch) { return branch.name == name; });
}

template <typename Of>
void compare(const std::vector<BranchOptions>& heads, const char* what, const Of& of, std::string& differences) {
    const bool same = std::all_of(heads.begin(), heads.end(),
                                  [&](const BranchOptions& head) { return of(head) == of(heads.front()); });
    if (same) return;
    std::ostringstream text;
    text << (differences.empty() ? "" : "; ") << what << " of";
    for (const BranchOptions& head : heads)
        text << (&head == &heads.front() ? " " : ", ") << head.name << " " << of(head);
    differences += text.str();
}

std::string level_text(const AnchorOptions& anchors) {
    std::string text;
    for (const int level : anchors.levels) text += (text.empty() ? "" : "-") + std::to_string(level);
    return text;
}

void check_alike(const std::string& branch, const std::vector<BranchOptions>& heads) {
    using Head = const BranchOptions&;
    std::string differences;
    compare(
        heads, "depth", [](Head head) { return head.head.depth; }, differences);
    compare(
        heads, "tower", [](Head head) { return head.head.tower == TowerKind::conv ? "conv" : "separable"; },
        differences);
    compare(
        heads, "split_towers", [](Head head) { return head.head.split_towers ? "true" : "false"; }, differences);
    compare(
        heads, "activation", [](Head head) { return static_cast<int>(head.head.activation); }, differences);
    compare(
        heads, "box_bins", [](Head head) { return head.head.box_bins; }, differences);
    compare(
        heads, "levels", [](Head head) { return level_text(head.anchors); }, differences);
    compare(
        heads, "anchors", [](Head head) { return head.anchors.kind == AnchorKind::boxes ? "boxes" : "points"; },
        differences);
    if (differences.empty()) return;
    throw UsageError(ErrorText{"branch \"" + branch + "\"", "its sources cannot share a tower",
                               "heads that differ in width and anchor sizes only", differences,
                               "train them alike or leave them apart in the plan"});
}

std::int64_t width_of(const std::vector<BranchOptions>& heads, std::int64_t wanted) {
    if (wanted != 0) return wanted;
    std::int64_t widest = 0;
    for (const BranchOptions& head : heads) widest = std::max(widest, head.head.width);
    return widest;
}

bool serves_just(const BranchOptions& head, const std::vector<std::string>& tasks) {
    return std::set<std::string>(head.tasks.begin(), head.tasks.end()) ==
           std::set<std::string>(tasks.begin(), tasks.end());
}

/// Sources, and what the target is if the plan does not keep the head.
void complete(const MultiTaskModel& source, const MergedLayout& layout, BranchSources& branch) {
    std::set<std::string> seen;
    for (const std::string& task : branch.target.tasks) {
        branch.tasks.push_back(source_of(source, task));
        const std::string& head = branch.tasks.back().branch.head;
        if (seen.insert(head).second) branch.heads.push_back(head_named(source.options(), head));
    }
    if (branch.heads.size() == 1 && serves_just(branch.heads.front(), branch.target.tasks)) {
        branch.target = branch.heads.front();
        branch.kept = true;
        return;
    }
    check_alike(branch.target.name, branch.heads);
    const bool single = branch.target.tasks.size() == 1;
    branch.target.head.boxes = single ? BoxOutputs::shared : layout.boxes;
    branch.target.head.width =
        branch.heads.size() == 1 ? branch.heads.front().head.width : width_of(branch.heads, layout.width);
    std::vector<AnchorOptions> anchors;
    for (const BranchOptions& head : branch.heads) anchors.push_back(head.anchors);
    branch.target.anchors = united_anchors(anchors);
}

} // namespace

std::vector<BranchSources> plan_branches(const MultiTaskModel& source, const MergePlan& plan,
                                         const MergedLayout& layout) {
    std::vector<BranchSources> branches;
    for (const BranchOptions& target : regrouped(source.options(), plan).branches) {
        BranchSources& branch = branches.emplace_back();
        branch.target = target;
        complete(source, layout, branch);
    }
    return branches;
}

ModelOptions options_with(const ModelOptions& source, const std::vector<BranchSources>& branches) {
    ModelOptions options = source;
    options.branches.clear();
    for (const BranchSources& branch : branches) options.branches.push_back(branch.target);
    try {
        validate(options, "the merged network");
    } catch (const ConfigError& error) {
        throw UsageError(std::string(error.what()));
    }
    return options;
}

} // namespace banyan
