#pragma once

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "apps/run_commands.h"
#include "core/nearest_word.h"

namespace banyan {

/// "face,hand" -> {"face", "hand"}. @throws UsageError an empty name
std::vector<std::string> split_names(const std::string& list, const std::string& option);

/// Value of a text option or "".
std::string text_option(const Options& options, const std::string& name);

/// Values of a repeatable option, or none.
std::vector<std::string> texts_option(const Options& options, const std::string& name);

/// Value of a number option. @throws UsageError not in [lowest, highest]
template <typename Number>
Number number_option(const Options& options, const std::string& name, Number lowest, Number highest) {
    const auto value = options[name].as<Number>();
    if (value >= lowest && value <= highest) return value;
    std::ostringstream range, found;
    range << "a number in [" << lowest << ", " << highest << "]";
    found << value;
    throw UsageError(ErrorText{"--" + name, "out of range", range.str(), found.str(), ""});
}

/// Value of a text option that must be one of these names. @throws UsageError it is none
template <typename Value>
Value choice_option(const Options& options, const std::string& name,
                    const std::vector<std::pair<std::string, Value>>& choices) {
    const std::string text = text_option(options, name);
    std::vector<std::string> names;
    std::string expected;
    for (const auto& [choice, value] : choices) {
        if (choice == text) return value;
        names.push_back(choice);
        expected += (expected.empty() ? "" : ", ") + choice;
    }
    throw UsageError(
        ErrorText{"--" + name, "unknown value", "one of " + expected, "\"" + text + "\"", did_you_mean(text, names)});
}

/// Value of --side. @throws UsageError not a multiple of 32 in [64, 4096]
int side_option(const Options& options);

} // namespace banyan
