#include "network/model_options.h"

#include <map>
#include <set>

#include "core/error.h"

namespace banyan {

namespace {

using Problems = std::vector<std::string>;

void check_tasks(const ModelOptions& options, Problems& problems) {
    try {
        const ClassTable table(options.tasks);
    } catch (const ConfigError& error) {
        problems.push_back(error.what());
    }
    std::map<std::string, int> served;
    for (const Task& task : options.tasks) served[task.name] = 0;
    for (const BranchOptions& branch : options.branches) {
        for (const std::string& task : branch.tasks) {
            const auto found = served.find(task);
            if (found == served.end()) {
                problems.push_back("branch \"" + branch.name + "\" serves the unknown task \"" + task + "\"");
            } else {
                ++found->second;
            }
        }
    }
    for (const auto& [task, count] : served) {
        if (count == 0) problems.push_back("task \"" + task + "\" is in no branch");
        if (count > 1) problems.push_back("task \"" + task + "\" is in " + std::to_string(count) + " branches");
    }
}

void check_box_bins(const BranchOptions& branch, Problems& problems) {
    if (branch.head.box_bins == 0) return;
    const std::string bins = "branch \"" + branch.name + "\" has box_bins " + std::to_string(branch.head.box_bins);
    if (branch.anchors.kind != AnchorKind::points) {
        problems.push_back(bins + ", which need anchors of kind \"points\"");
        return;
    }
    const double start = start_box_code(branch.anchors);
    if (start < branch.head.box_bins - 1) return;
    problems.push_back(bins + ", which reach " + std::to_string(branch.head.box_bins - 1) +
                       " strides, but half an anchor is " + std::to_string(start) +
                       " strides: take more bins or smaller anchors");
}

void check_names_of_outputs(const BranchOptions& branch, Problems& problems) {
    if (branch.head.boxes == BoxOutputs::shared) return;
    for (const std::string& task : branch.tasks) {
        if (is_plain_name(task)) continue;
        problems.push_back("branch \"" + branch.name +
                           "\" has outputs per task, which name parameters, but the task \"" + task +
                           "\" has a dot, slash or space in its name");
    }
}

void check_branches(const ModelOptions& options, Problems& problems) {
    std::set<std::string> names;
    for (const BranchOptions& branch : options.branches) {
        if (!names.insert(branch.name).second) problems.push_back("two branches are named \"" + branch.name + "\"");
        check_box_bins(branch, problems);
        check_names_of_outputs(branch, problems);
        if (branch.tasks.empty()) problems.push_back("branch \"" + branch.name + "\" serves no task");
        for (const int level : branch.anchors.levels) {
            if (level >= options.neck.first_level && level <= options.neck.last_level) continue;
            problems.push_back("branch \"" + branch.name + "\" has anchors on level " + std::to_string(level) +
                               ", but the neck makes levels " + std::to_string(options.neck.first_level) + " to " +
                               std::to_string(options.neck.last_level));
        }
    }
}

/// A group norm splits the channels of the neck and of every tower evenly.
void check_groups(const ModelOptions& options, Problems& problems) {
    if (options.norm.kind != NormKind::group) return;
    const auto check = [&](const std::string& what, std::int64_t channels) {
        if (channels % options.norm.groups == 0) return;
        problems.push_back("norm_groups " + std::to_string(options.norm.groups) + " does not divide the " +
                           std::to_string(channels) + " channels of " + what);
    };
    check("the neck", options.neck.channels);
    for (const BranchOptions& branch : options.branches) {
        if (branch.head.depth > 0) check("the head of branch \"" + branch.name + "\"", branch.head.width);
    }
}

} // namespace

bool is_plain_name(const std::string& name) {
    return !name.empty() && name.find_first_of("./\\ ") == std::string::npos;
}

std::vector<int> classes_of(const BranchOptions& branch, const ClassTable& table) {
    std::vector<int> classes;
    for (const std::string& task_name : branch.tasks) {
        const int task = table.find_task(task_name).value();
        const auto count = static_cast<int>(table.tasks()[static_cast<std::size_t>(task)].classes.size());
        for (int k = 0; k < count; ++k) classes.push_back(table.first_class(task) + k);
    }
    return classes;
}

std::vector<BranchOptions> branches_of_head(const BranchOptions& head) {
    if (head.head.boxes == BoxOutputs::shared || head.tasks.size() < 2) return {head};
    std::vector<BranchOptions> branches;
    for (const std::string& task : head.tasks) {
        BranchOptions& branch = branches.emplace_back(head);
        branch.name = head.name + "." + task;
        branch.tasks = {task};
    }
    return branches;
}

void validate(const ModelOptions& options, const std::string& where) {
    Problems problems;
    check_tasks(options, problems);
    check_branches(options, problems);
    check_groups(options, problems);
    if (options.branches.empty()) problems.push_back("there is no branch");
    if (options.input_side % 32 != 0) {
        problems.push_back("input_side " + std::to_string(options.input_side) + " is not a multiple of 32");
    }
    if (options.neck.first_level > options.backbone.last_level) {
        problems.push_back("the neck begins above the backbone's last level");
    }
    if (problems.empty()) return;
    std::string text;
    for (const std::string& problem : problems) text += (text.empty() ? "" : "; ") + problem;
    throw ConfigError(ErrorText{where, text, "", "", ""});
}

} // namespace banyan
