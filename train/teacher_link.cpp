#include "train/teacher_link.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/nearest_word.h"
#include "model/libtorch.h"

namespace banyan {

namespace {

template <typename T>
bool contains(const std::vector<T>& list, const T& entry) {
    return std::find(list.begin(), list.end(), entry) != list.end();
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::vector<std::string> task_names(const MultiTaskModel& model) {
    std::vector<std::string> names;
    for (const Branch& branch : model.branches()) {
        names.insert(names.end(), branch.options.tasks.begin(), branch.options.tasks.end());
    }
    return names;
}

void check_task(const std::string& task, const MultiTaskModel& model, const char* whose, const std::string& where) {
    const std::vector<std::string> known = task_names(model);
    if (contains(known, task)) return;
    throw ConfigError(ErrorText{where, "no task \"" + task + "\" in " + whose, joined(known), "",
                                known.empty() ? "" : did_you_mean(task, known)});
}

/// The tasks that are taught. A teacher of some tasks of a network has to be told which.
std::vector<std::string> taught_tasks(const MultiTaskModel& network, const MultiTaskModel& teacher,
                                      const std::vector<std::string>& tasks, const std::string& where) {
    for (const std::string& task : tasks) {
        check_task(task, network, "the network", where);
        check_task(task, teacher, "the teacher", where);
    }
    if (!tasks.empty()) return tasks;
    const std::vector<std::string> wanted = task_names(network), known = task_names(teacher);
    for (const std::string& task : wanted) {
        if (contains(known, task)) continue;
        throw ConfigError(ErrorText{where, "does not know the network's task \"" + task + "\"", joined(wanted),
                                    joined(known), "list the tasks that it is to teach in \"tasks\""});
    }
    return wanted;
}

std::vector<std::string> class_names(const MultiTaskModel& model, const std::string& task) {
    const ClassTable& table = model.classes();
    return table.tasks()[static_cast<std::size_t>(table.find_task(task).value())].classes;
}

/// Places of a task's classes in a branch, by the names' order.
std::vector<std::int64_t> places_of(const std::vector<std::string>& names, const MultiTaskModel& model,
                                    const Branch& branch) {
    std::vector<std::int64_t> places;
    for (const std::string& name : names) {
        const int id = model.classes().find_class(name).value();
        places.push_back(std::find(branch.classes.begin(), branch.classes.end(), id) - branch.classes.begin());
    }
    return places;
}

std::size_t branch_of(const MultiTaskModel& model, const std::string& task) {
    std::size_t place = 0;
    while (!contains(model.branches()[place].options.tasks, task)) ++place;
    return place;
}

void check_anchors(const Branch& branch, const Branch& teacher, const std::string& task, const std::string& where) {
    const AnchorOptions &ours = branch.options.anchors, &theirs = teacher.options.anchors;
    const auto kind = [](const AnchorOptions& options) {
        return options.kind == AnchorKind::points ? "points" : "boxes";
    };
    if (ours.kind != theirs.kind) {
        throw ConfigError(
            ErrorText{where, "has other anchors for task \"" + task + "\"", kind(ours), kind(theirs), ""});
    }
    const auto has_level = [&](int level) { return contains(theirs.levels, level); };
    if (std::any_of(ours.levels.begin(), ours.levels.end(), has_level)) return;
    const auto levels = [](const AnchorOptions& options) {
        std::vector<std::string> names;
        for (const int level : options.levels) names.push_back(std::to_string(level));
        return "levels " + joined(names);
    };
    throw ConfigError(ErrorText{where, "has no level of branch " + branch.name + " for task \"" + task + "\"",
                                levels(ours), levels(theirs), ""});
}

TaskLink link_task(const std::string& task, const MultiTaskModel& network, const Branch& branch,
                   const MultiTaskModel& teacher, const std::string& where) {
    std::vector<std::string> ours = class_names(network, task), theirs = class_names(teacher, task);
    const std::vector<std::string> names = ours;
    std::sort(ours.begin(), ours.end());
    std::sort(theirs.begin(), theirs.end());
    if (ours != theirs) {
        throw ConfigError(
            ErrorText{where, "has other classes of task \"" + task + "\"", joined(ours), joined(theirs), ""});
    }
    TaskLink link;
    link.task = task;
    link.teacher_branch = branch_of(teacher, task);
    const Branch& teacher_branch = teacher.branches()[link.teacher_branch];
    check_anchors(branch, teacher_branch, task, where);
    link.classes = places_of(names, network, branch);
    link.teacher_classes = places_of(names, teacher, teacher_branch);
    return link;
}

/// IoU of two boxes of one centre.
float centred_iou(const Box& a, const Box& b) {
    const float common = std::min(a.width(), b.width()) * std::min(a.height(), b.height());
    return common / (a.area() + b.area() - common);
}

/// For each prior box of a cell the teacher's place in the cell, or -1.
std::vector<std::int64_t> link_cell(const AnchorSet& anchors, std::size_t first, const AnchorSet& teacher,
                                    std::size_t teacher_first) {
    std::vector<std::int64_t> places(anchors.per_cell, -1);
    for (std::size_t a = 0; a < anchors.per_cell; ++a) {
        float best = anchors.kind == AnchorKind::points ? -1.0F : 0.0F; // a point is a point, whatever its scale
        for (std::size_t t = 0; t < teacher.per_cell; ++t) {
            const float iou = centred_iou(anchors.boxes[first + a], teacher.boxes[teacher_first + t]);
            if (iou <= best || (anchors.kind == AnchorKind::boxes && iou < kLeastSharedIou)) continue;
            best = iou;
            places[a] = static_cast<std::int64_t>(t);
        }
    }
    return places;
}

} // namespace

void check_pixels(const MultiTaskModel& network, const MultiTaskModel& teacher, const std::string& where) {
    if (network.options().preprocessing == teacher.options().preprocessing) return;
    throw ConfigError(ErrorText{where, "normalises pixels by another mean and std than the network", "", "",
                                "train both with one \"backbone/type\""});
}

std::vector<std::vector<TaskLink>> link_teacher(const MultiTaskModel& network, const MultiTaskModel& teacher,
                                                const std::vector<std::string>& tasks, const std::string& where) {
    check_pixels(network, teacher, where);
    const std::vector<std::string> taught = taught_tasks(network, teacher, tasks, where);
    std::vector<std::vector<TaskLink>> links;
    for (const Branch& branch : network.branches()) {
        std::vector<TaskLink>& of_branch = links.emplace_back();
        for (const std::string& task : branch.options.tasks) {
            if (contains(taught, task)) of_branch.push_back(link_task(task, network, branch, teacher, where));
        }
    }
    return links;
}

at::Tensor link_anchors(const AnchorSet& anchors, const AnchorSet& teacher) {
    BANYAN_CHECK(anchors.kind == teacher.kind && anchors.width == teacher.width && anchors.height == teacher.height,
                 "teacher: expected anchors of one kind and input size");
    std::vector<std::int64_t> links(anchors.size(), -1);
    for (const AnchorLevel& level : anchors.levels) {
        const auto is_same = [&](const AnchorLevel& other) { return other.level == level.level; };
        const auto other = std::find_if(teacher.levels.begin(), teacher.levels.end(), is_same);
        if (other == teacher.levels.end()) continue;
        const std::vector<std::int64_t> places = link_cell(anchors, level.first, teacher, other->first);
        const auto cells = static_cast<std::size_t>(level.height) * static_cast<std::size_t>(level.width);
        for (std::size_t cell = 0; cell < cells; ++cell) {
            for (std::size_t a = 0; a < anchors.per_cell; ++a) {
                if (places[a] < 0) continue;
                links[level.first + cell * anchors.per_cell + a] =
                    static_cast<std::int64_t>(other->first + cell * teacher.per_cell) + places[a];
            }
        }
    }
    return at::tensor(at::ArrayRef<std::int64_t>(links), at::kLong);
}

} // namespace banyan
