#include "apps/heal_values.h"

#include <string>

#include "apps/option_values.h"

namespace banyan {

HealOptions heal_values(const Options& options) {
    HealOptions heal;
    heal.config = text_option(options, "config");
    heal.steps = options["steps"].as<std::int64_t>();
    heal.trunk_lr_scale = options["trunk-lr-scale"].as<double>();
    heal.set = texts_option(options, "set");
    const auto refuse = [](const std::string& option, const std::string& expected, const std::string& found) {
        throw UsageError(ErrorText{option, "out of range", expected, found, ""});
    };
    if (heal.steps < 1 || heal.steps > 10'000'000) {
        refuse("--steps", "an integer in [1, 10000000]", std::to_string(heal.steps));
    }
    if (!(heal.trunk_lr_scale >= 0 && heal.trunk_lr_scale <= 10)) {
        refuse("--trunk-lr-scale", "a number in [0, 10]", std::to_string(heal.trunk_lr_scale));
    }
    return heal;
}

} // namespace banyan
