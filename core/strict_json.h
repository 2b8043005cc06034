#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace banyan {

/// Parses `text` as strict JSON; only for core/, data readers and *_config.cpp files. Refused beside syntax errors:
/// duplicate keys, numbers too large for a double, NUL bytes, invalid UTF-8, nesting deeper than 64.
/// `name` stands for the file in messages ("name:line:column" or "name:/json/pointer").
/// @tparam Json nlohmann::json or nlohmann::ordered_json (keeps the file's key order).
/// @throws ConfigError
template <typename Json>
Json parse_strict_json(std::string_view text, const std::string& name);

/// `pointer` extended by one key, escaped by RFC 6901 ("~" -> "~0", "/" -> "~1").
std::string json_pointer_to(const std::string& pointer, const std::string& key);

/// Short description of a value for messages: "1.5", "\"adam\"", "a list of 3", "an object", cut after 60 bytes.
std::string describe_json(const nlohmann::json& value);

} // namespace banyan
