#include "core/nearest_word.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace banyan {

namespace {

/// Insertions, deletions, replacements and swaps of neighbours ("optimal string alignment").
std::size_t edit_distance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> before_previous;
    std::vector<std::size_t> previous(b.size() + 1);
    std::iota(previous.begin(), previous.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::vector<std::size_t> current(b.size() + 1, i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            current[j] = std::min({previous[j] + 1, current[j - 1] + 1, replaced});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) current[j] = std::min(current[j], before_previous[j - 2] + 1);
        }
        before_previous = std::move(previous);
        previous = std::move(current);
    }
    return previous.back();
}

} // namespace

std::string nearest_word(const std::string& word, const std::vector<std::string>& candidates) {
    std::string nearest;
    std::size_t smallest = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(word, candidate);
        // At the full length of the longer word nothing is alike any more.
        if (distance < smallest && distance < std::max(word.size(), candidate.size())) {
            smallest = distance;
            nearest = candidate;
        }
    }
    return nearest;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
    const std::string nearest = nearest_word(word, candidates);
    return nearest.empty() ? "" : "did you mean \"" + nearest + "\"?";
}

} // namespace banyan
