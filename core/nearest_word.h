#pragma once

#include <string>
#include <vector>

namespace banyan {

/// The candidate with the smallest edit distance to `word` (the first of several), or "" when none is near
/// (distance > max(2, size / 3)). For "did you mean" in messages.
std::string nearest_word(const std::string& word, const std::vector<std::string>& candidates);

} // namespace banyan
