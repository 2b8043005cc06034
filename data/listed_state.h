#pragma once

#include <cstddef>
#include <string>

#include "data/sample.h"

namespace banyan {

/// How closely a list named the class of a state: a closer one goes before the others.
enum class ListedBy { everything, task, class_name };

/// What one row of a list tells.
struct ListedState {
    std::size_t record = 0;
    int class_id = 0;
    LabelState state = LabelState::unknown;
    ListedBy by = ListedBy::everything;
    std::string where;
};

} // namespace banyan
