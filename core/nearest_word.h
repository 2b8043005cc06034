#pragma once

#include <string>
#include <vector>

namespace banyan {

/// The candidate with the smallest edit distance to `word` (the first of several), or "" when none is near
/// (distance > max(2, size / 3)).
std::string nearest_word(const std::string& word, const std::vector<std::string>& candidates);

/// The next step of a message: "did you mean \"scales\"?", or "" when none is near.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates);

} // namespace banyan
