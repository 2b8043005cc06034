#pragma once

#include <string>

#include "model/libtorch.h"
#include "model/multi_task_model.h"

namespace banyan::test {

/// Gives the towers of all branches the tensors of the first one's.
inline void make_towers_equal(MultiTaskModel& model) {
    const std::string first = "branches." + model.branches().front().head + ".";
    for (const Branch& branch : model.branches()) {
        for (const auto* tensors : {&model.module().parameters(), &model.module().buffers()}) {
            for (const auto& [name, tensor] : *tensors) {
                if (!name.starts_with(first) || name.find("tower.") == std::string::npos) continue;
                model.module().assign("branches." + branch.head + "." + name.substr(first.size()), tensor);
            }
        }
    }
}

/// Name in a network with one branch a task of what a network with outputs per task calls `name`; the tower is that of
/// the head's first task.
inline std::string separate_name(const MultiTaskModel& merged, const std::string& name) {
    std::string tower;
    for (const Branch& branch : merged.branches()) {
        const std::string own = "branches." + branch.name + ".", of_head = "branches." + branch.head + ".";
        const std::string separate = "branches." + branch.options.tasks.front() + ".";
        if (name.starts_with(own)) return separate + name.substr(own.size());
        if (tower.empty() && name.starts_with(of_head)) tower = separate + name.substr(of_head.size());
    }
    return tower.empty() ? name : tower;
}

/// Copies trunk, outputs and towers of one branch a task.
inline void copy_separate(const MultiTaskModel& separate, MultiTaskModel& merged) {
    for (const auto* tensors : {&merged.module().parameters(), &merged.module().buffers()}) {
        for (const auto& [name, tensor] : *tensors) {
            merged.module().assign(name, separate.module().tensor(separate_name(merged, name)));
        }
    }
}

} // namespace banyan::test
