#include "combine/merge_plan.h"

#include <algorithm>
#include <map>

#include "core/error.h"

namespace banyan {

namespace {

std::string without_blanks(std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\t'; });
    return text;
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == separator)
            parts.emplace_back();
        else
            parts.back() += c;
    }
    return parts;
}

std::string joined(const std::vector<std::string>& words, const std::string& separator) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : separator) + word;
    return text;
}

/// Everything that is wrong with a plan for these tasks.
std::vector<std::string> faults_of(const MergePlan& plan, const std::map<std::string, std::size_t>& places) {
    std::vector<std::string> faults;
    std::map<std::string, int> uses;
    for (const std::vector<std::string>& group : plan.groups) {
        if (group.empty()) faults.emplace_back("an empty group");
        for (const std::string& task : group) ++uses[task];
    }
    for (const auto& [task, count] : uses) {
        if (!places.contains(task))
            faults.push_back("\"" + task + "\" is no task of the network");
        else if (count > 1)
            faults.push_back("\"" + task + "\" is there " + std::to_string(count) + " times");
    }
    for (const auto& [task, place] : places) {
        if (!uses.contains(task)) faults.push_back("\"" + task + "\" is missing");
    }
    return faults;
}

} // namespace

MergePlan plan_of(const ModelOptions& options) {
    MergePlan plan;
    for (const BranchOptions& branch : options.branches) plan.groups.push_back(branch.tasks);
    return checked_plan(std::move(plan), options.tasks, "branches");
}

MergePlan checked_plan(MergePlan plan, const std::vector<Task>& tasks, const std::string& where) {
    std::map<std::string, std::size_t> places;
    std::vector<std::string> names;
    for (const Task& task : tasks) {
        places[task.name] = names.size();
        names.push_back(task.name);
    }
    const std::vector<std::string> faults = faults_of(plan, places);
    if (!faults.empty()) {
        throw UsageError(ErrorText{where, "the plan does not fit the network",
                                   "each of " + joined(names, ", ") + " once", joined(faults, "; "), ""});
    }
    const auto earlier = [&](const std::string& a, const std::string& b) { return places.at(a) < places.at(b); };
    for (std::vector<std::string>& group : plan.groups) std::sort(group.begin(), group.end(), earlier);
    std::sort(plan.groups.begin(), plan.groups.end(),
              [&](const auto& a, const auto& b) { return earlier(a.front(), b.front()); });
    return plan;
}

std::string plan_text(const MergePlan& plan) {
    std::vector<std::string> groups;
    for (const std::vector<std::string>& group : plan.groups) groups.push_back(branch_name_of(group));
    return joined(groups, " | ");
}

MergePlan plan_from_text(const std::string& text, const std::string& where) {
    MergePlan plan;
    for (const std::string& group : split(without_blanks(text), '|')) {
        plan.groups.push_back(split(group, '+'));
        for (const std::string& task : plan.groups.back()) {
            if (!task.empty()) continue;
            throw UsageError(ErrorText{where, "not a plan", "groups of tasks, e.g. \"person+torso | head+face | hand\"",
                                       "\"" + text + "\"", ""});
        }
    }
    return plan;
}

std::string branch_name_of(const std::vector<std::string>& group) { return joined(group, "+"); }

ModelOptions regrouped(const ModelOptions& options, const MergePlan& plan) {
    ModelOptions result = options;
    result.branches.clear();
    for (const std::vector<std::string>& group : checked_plan(plan, options.tasks, "plan").groups) {
        const auto serves_first = [&](const BranchOptions& branch) {
            return std::find(branch.tasks.begin(), branch.tasks.end(), group.front()) != branch.tasks.end();
        };
        BranchOptions branch = *std::find_if(options.branches.begin(), options.branches.end(), serves_first);
        branch.name = branch_name_of(group);
        branch.tasks = group;
        result.branches.push_back(std::move(branch));
    }
    return result;
}

} // namespace banyan
