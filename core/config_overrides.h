#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace banyan {

/// One "--set POINTER=VALUE".
struct ConfigOverride {
    std::string pointer;
    std::string text; ///< as given, for messages
};

/// Sets the value in `root`. VALUE is strict JSON, or else taken as a text unless it starts with ", [ or {.
/// The pointer's parent must exist; the last part may be a new key of an object, never a new element of a list.
/// @throws ConfigError naming the override
ConfigOverride apply_config_override(nlohmann::ordered_json& root, const std::string& text);

} // namespace banyan
