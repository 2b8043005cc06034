#pragma once

#include <cstddef>
#include <string_view>

namespace banyan {

inline constexpr std::string_view kBlank = " \t\r\n\v\f";

/// Without blanks at both ends (a carriage return of a foreign system is one).
inline std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// Takes the first line off `rest`; the last line may lack its line end.
inline std::string_view take_line(std::string_view& rest) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return line;
}

/// Takes the first word off `rest`, with the blanks before it; empty when there is none.
inline std::string_view take_word(std::string_view& rest) {
    const std::size_t first = rest.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return rest = {};
    rest.remove_prefix(first);
    const std::string_view word = rest.substr(0, rest.find_first_of(kBlank));
    rest.remove_prefix(word.size());
    return word;
}

} // namespace banyan
