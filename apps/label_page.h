#pragma once

#include <string>

#include "apps/label_outcome.h"

namespace banyan {

/// HTML page about completed labels: teachers, what was added, and of each class the surest and the least sure boxes.
/// @throws DataError, IoError the pictures
std::string label_page(const LabelOutcome& outcome);

} // namespace banyan
