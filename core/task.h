#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace banyan {

/// What is detected: a name and its classes. A task of one class usually has a class of the same name.
struct Task {
    std::string name;
    std::vector<std::string> classes;

    bool operator==(const Task&) const = default;
};

/// All tasks' classes under one dense numbering ("class id", 0 … size()-1): task by task, in order.
/// Class names are unique over all tasks.
class ClassTable {
public:
    ClassTable() = default;
    /// @throws ConfigError on a repeated task or class name or a task without classes.
    explicit ClassTable(std::vector<Task> tasks);

    const std::vector<Task>& tasks() const { return tasks_; }
    int size() const { return static_cast<int>(class_names_.size()); }
    const std::string& class_name(int class_id) const { return class_names_.at(static_cast<std::size_t>(class_id)); }
    const std::vector<std::string>& class_names() const { return class_names_; }
    int task_of(int class_id) const { return task_of_class_.at(static_cast<std::size_t>(class_id)); }
    const std::string& task_name_of(int class_id) const;
    /// First class id of task `task_index`; its classes are consecutive.
    int first_class(int task_index) const { return first_class_.at(static_cast<std::size_t>(task_index)); }
    std::optional<int> find_class(std::string_view class_name) const;
    std::optional<int> find_task(std::string_view task_name) const;

private:
    std::vector<Task> tasks_;
    std::vector<std::string> class_names_;
    std::vector<int> task_of_class_;
    std::vector<int> first_class_;
};

/// @throws UsageError a name in `wanted` that is none of the tasks', with the nearest one; the message is about --tasks
void check_task_names(const std::vector<std::string>& wanted, const std::vector<Task>& tasks);

} // namespace banyan
