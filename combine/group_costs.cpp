#include "combine/group_costs.h"

#include <algorithm>
#include <set>

namespace banyan {

const GroupCost* GroupCosts::find(const std::vector<std::string>& tasks) const {
    const auto as_set = [](const std::vector<std::string>& names) {
        return std::set<std::string>(names.begin(), names.end());
    };
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const GroupCost& group) {
        return group.tasks.size() == tasks.size() && as_set(group.tasks) == as_set(tasks);
    });
    return found == groups.end() ? nullptr : &*found;
}

} // namespace banyan
