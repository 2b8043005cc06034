#include "core/task.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/nearest_word.h"

namespace banyan {

namespace {

void refuse_if(bool wrong, const std::string& problem, const std::string& next_step) {
    if (wrong) throw ConfigError(ErrorText{"tasks", problem, "", "", next_step});
}

} // namespace

ClassTable::ClassTable(std::vector<Task> tasks) : tasks_(std::move(tasks)) {
    std::set<std::string> task_names;
    std::set<std::string> seen_classes;
    for (std::size_t t = 0; t < tasks_.size(); ++t) {
        const Task& task = tasks_[t];
        refuse_if(task.name.empty(), "task " + std::to_string(t) + " has an empty name", "give each task a name");
        refuse_if(!task_names.insert(task.name).second, "task \"" + task.name + "\" is named twice",
                  "give each task its own name");
        refuse_if(task.classes.empty(), "task \"" + task.name + "\" has no classes", "list at least one class");
        first_class_.push_back(size());
        for (const std::string& name : task.classes) {
            refuse_if(name.empty(), "task \"" + task.name + "\" has a class with an empty name", "name each class");
            refuse_if(!seen_classes.insert(name).second,
                      "class \"" + name + "\" is listed twice, the second time in task \"" + task.name + "\"",
                      "class names are unique over all tasks: rename or remove one");
            class_names_.push_back(name);
            task_of_class_.push_back(static_cast<int>(t));
        }
    }
}

const std::string& ClassTable::task_name_of(int class_id) const {
    return tasks_.at(static_cast<std::size_t>(task_of(class_id))).name;
}

std::optional<int> ClassTable::find_class(std::string_view class_name) const {
    const auto found = std::find(class_names_.begin(), class_names_.end(), class_name);
    if (found == class_names_.end()) return std::nullopt;
    return static_cast<int>(found - class_names_.begin());
}

std::optional<int> ClassTable::find_task(std::string_view task_name) const {
    const auto found =
        std::find_if(tasks_.begin(), tasks_.end(), [&](const Task& task) { return task.name == task_name; });
    if (found == tasks_.end()) return std::nullopt;
    return static_cast<int>(found - tasks_.begin());
}

void check_task_names(const std::vector<std::string>& wanted, const std::vector<Task>& tasks) {
    std::vector<std::string> known;
    std::string list;
    for (const Task& task : tasks) {
        known.push_back(task.name);
        list += (list.empty() ? "" : ", ") + task.name;
    }
    for (const std::string& name : wanted) {
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        throw UsageError(
            ErrorText{"--tasks", "unknown task \"" + name + "\"", "some of " + list, "", did_you_mean(name, known)});
    }
}

} // namespace banyan
