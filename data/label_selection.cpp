#include "data/label_selection.h"

#include <algorithm>

namespace banyan {

namespace {

void forget_others(std::vector<LabelState>& states, const std::vector<int>& classes) {
    for (std::size_t id = 0; id < states.size(); ++id) {
        const bool own = std::find(classes.begin(), classes.end(), static_cast<int>(id)) != classes.end();
        if (!own) states[id] = LabelState::unknown;
    }
}

} // namespace

void keep_labels_of(Labels& labels, const std::vector<int>& classes) {
    forget_others(labels.states, classes);
    for (LabelRegion& region : labels.regions) forget_others(region.states, classes);
}

} // namespace banyan
