#pragma once

#include <string>
#include <vector>

#include "core/config_reader.h"
#include "network/model_options.h"

namespace banyan {

/// Which tasks share a branch: every task of a network in exactly one group. Groups stand in the order of their first
/// tasks, and the tasks of a group in the network's order, so that equal plans are equal.
struct MergePlan {
    std::vector<std::vector<std::string>> groups; ///< task names
    bool operator==(const MergePlan&) const = default;
};

/// The plan that a network's branches follow.
MergePlan plan_of(const ModelOptions& options);

/// The plan in its one order. @throws UsageError, naming all that is wrong at once with what the network knows: an
/// empty group, an unknown task, a task in no group or in two
MergePlan checked_plan(MergePlan plan, const std::vector<Task>& tasks, const std::string& where);

/// "person+torso | head+face | hand"
std::string plan_text(const MergePlan& plan);
/// The same backwards; blanks do not count. @throws UsageError at `where`: an empty group or name
MergePlan plan_from_text(const std::string& text, const std::string& where);

/// A branch's name for its tasks: "person+torso".
std::string branch_name_of(const std::vector<std::string>& group);

/// The network with a branch for each group of the plan: its tasks, their joined name, and for all else the options of
/// the branch that its first task had. @throws UsageError as checked_plan
ModelOptions regrouped(const ModelOptions& options, const MergePlan& plan);

/// {"schema_version": 1, "groups": [["person", "torso"], …]}; a plan file. Other keys of such an object, which
/// `banyan merge plan --json` writes as {"tasks": […], …} groups, are read as well.
std::string plan_json(const MergePlan& plan);
/// @throws ConfigError, IoError
MergePlan load_plan(const std::string& path);

} // namespace banyan
