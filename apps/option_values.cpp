#include "apps/option_values.h"

#include <sstream>

namespace banyan {

std::vector<std::string> split_names(const std::string& list, const std::string& option) {
    std::vector<std::string> names;
    std::istringstream in(list);
    for (std::string name; std::getline(in, name, ',');) {
        if (name.empty()) throw UsageError(ErrorText{option, "an empty name", "names with commas between", list, ""});
        names.push_back(name);
    }
    if (names.empty()) throw UsageError(ErrorText{option, "no name", "names with commas between", "", ""});
    return names;
}

std::string text_option(const Options& options, const std::string& name) {
    return options.count(name) != 0 ? options[name].as<std::string>() : "";
}

std::vector<std::string> texts_option(const Options& options, const std::string& name) {
    return options.count(name) != 0 ? options[name].as<std::vector<std::string>>() : std::vector<std::string>{};
}

int side_option(const Options& options) {
    const int side = options["side"].as<int>();
    if (side >= 64 && side <= 4096 && side % 32 == 0) return side;
    throw UsageError(ErrorText{"--side", "out of range", "a multiple of 32 in [64, 4096]", std::to_string(side), ""});
}

} // namespace banyan
