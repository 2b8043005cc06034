#include <cstdlib>
#include <filesystem>

#include "core/error.h"
#include "data/dataset.h"

namespace banyan {
namespace {

bool is_variable_name(const std::string& name) {
    if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
    for (const char c : name) {
        const bool allowed = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        if (!allowed) return false;
    }
    return true;
}

/// Value of what stands between the braces: "NAME" or "NAME:-default".
std::string value_of(const std::string& inner, const std::string& text, const std::string& where) {
    const std::size_t separator = inner.find(":-");
    const std::string name = inner.substr(0, separator);
    if (!is_variable_name(name) || inner.find("${") != std::string::npos) {
        throw ConfigError({where, "wrong variable", "${NAME} or ${NAME:-default}", "\"" + text + "\"", ""});
    }
    const char* value = std::getenv(name.c_str());
    if (value != nullptr && *value != '\0') return value;
    if (separator != std::string::npos) return inner.substr(separator + 2);
    throw ConfigError({where, "environment variable " + name + " is not set", "", "\"" + text + "\"",
                       "set it, or write ${" + name + ":-default}"});
}

} // namespace

std::string resolve_data_path(const std::string& text, const std::string& config_file, const std::string& where) {
    std::string expanded;
    std::size_t at = 0;
    for (std::size_t open = text.find("${"); open != std::string::npos; open = text.find("${", at)) {
        const std::size_t close = text.find('}', open);
        if (close == std::string::npos) {
            throw ConfigError({where, "variable without its closing brace", "${NAME}", "\"" + text + "\"", ""});
        }
        expanded += text.substr(at, open - at);
        expanded += value_of(text.substr(open + 2, close - open - 2), text, where);
        at = close + 1;
    }
    expanded += text.substr(at);
    const std::filesystem::path folder = std::filesystem::path(config_file).parent_path();
    return (folder / expanded).lexically_normal().string();
}

} // namespace banyan
