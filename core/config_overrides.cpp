#include "core/config_overrides.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/strict_json.h"

namespace banyan {

using nlohmann::ordered_json;

namespace {

[[noreturn]] void refuse(const std::string& text, const std::string& problem, const std::string& expected,
                         const std::string& next_step = "") {
    throw ConfigError(ErrorText{"--set " + text, problem, expected, "", next_step});
}

/// A command line may hold any bytes; in the config they would only fail when it is written again.
void check_utf8(const std::string& text) {
    try {
        static_cast<void>(ordered_json(text).dump());
    } catch (const ordered_json::type_error&) {
        refuse(text, "not valid UTF-8", "");
    }
}

ordered_json parse_value(const std::string& text, const std::string& value) {
    const bool must_be_json = !value.empty() && std::string("\"[{").find(value.front()) != std::string::npos;
    try {
        return parse_strict_json<ordered_json>(value, "--set " + text);
    } catch (const ConfigError&) {
        if (must_be_json) throw;
        return value;
    }
}

ordered_json::json_pointer parse_pointer(const std::string& text, const std::string& pointer) {
    const std::string expected = "a JSON pointer such as /train/lr";
    if (pointer.empty() || pointer.front() != '/') refuse(text, "not a JSON pointer", expected);
    try {
        return ordered_json::json_pointer(pointer);
    } catch (const ordered_json::parse_error&) {
        refuse(text, "not a JSON pointer", expected, "write ~ as ~0 and / inside a key as ~1");
    }
}

/// The library throws for an index that no integer can hold.
bool exists(const ordered_json& root, const ordered_json::json_pointer& place) {
    try {
        return root.contains(place);
    } catch (const ordered_json::exception&) {
        return false;
    }
}

} // namespace

ConfigOverride apply_config_override(ordered_json& root, const std::string& text) {
    check_utf8(text);
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) refuse(text, "no '=' in the override", "POINTER=VALUE, e.g. /train/lr=0.01");
    const std::string pointer = text.substr(0, equals);
    const ordered_json::json_pointer place = parse_pointer(text, pointer);
    const ordered_json::json_pointer parent = place.parent_pointer();
    const std::string parent_name = parent.empty() ? "the top level" : "\"" + parent.to_string() + "\"";

    if (!exists(root, parent)) {
        refuse(text, parent_name + " does not exist in the config", "a pointer whose parent exists");
    }
    if (root[parent].is_array() && !exists(root, place)) {
        refuse(text, parent_name + " is a list and has no such element",
               "an index below " + std::to_string(root[parent].size()));
    }
    if (!root[parent].is_object() && !root[parent].is_array()) {
        refuse(text, parent_name + " is not an object or a list", "a pointer to a key or an element");
    }
    root[place] = parse_value(text, text.substr(equals + 1));
    return {pointer, text};
}

} // namespace banyan
