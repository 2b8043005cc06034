#pragma once

#include <vector>

#include "data/sample.h"

namespace banyan {

/// Forgets what is known of all other classes: in the picture and in each of its regions their state is unknown.
void keep_labels_of(Labels& labels, const std::vector<int>& classes);

} // namespace banyan
