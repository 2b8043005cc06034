#include "core/config_reader.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/check.h"
#include "core/config_overrides.h"
#include "core/error.h"
#include "core/strict_json.h"

namespace banyan {

using Json = nlohmann::json;
using nlohmann::ordered_json;

struct ConfigReader::Document {
    std::string file;
    Json root;
    ordered_json effective; ///< root in file order, plus the defaults that getters have filled in
    std::vector<ConfigOverride> overrides;
    std::vector<ConfigKey> asked;
    std::unordered_map<std::string, std::size_t> place_of; ///< [ConfigKey::pointer] index in `asked`
};

namespace {

constexpr std::size_t kMaxConfigBytes = std::size_t{64} << 20;

std::string number_text(double value) {
    std::ostringstream out;
    out.precision(std::numeric_limits<double>::digits10);
    out << value;
    return out.str();
}

/// " in [lo, hi]", " >= lo", " <= hi" or "".
std::string range_text(std::int64_t lo, std::int64_t hi) {
    using Limits = std::numeric_limits<std::int64_t>;
    if (lo == Limits::min() && hi == Limits::max()) return "";
    if (hi == Limits::max()) return " >= " + std::to_string(lo);
    if (lo == Limits::min()) return " <= " + std::to_string(hi);
    return " in [" + std::to_string(lo) + ", " + std::to_string(hi) + "]";
}

std::string range_text(double lo, double hi) {
    const bool open_below = lo <= std::numeric_limits<double>::lowest();
    const bool open_above = hi >= std::numeric_limits<double>::max();
    if (open_below && open_above) return "";
    if (open_above) return " >= " + number_text(lo);
    if (open_below) return " <= " + number_text(hi);
    return " in [" + number_text(lo) + ", " + number_text(hi) + "]";
}

std::string integer_in(std::int64_t lo, std::int64_t hi) { return "an integer" + range_text(lo, hi); }

std::string number_in(double lo, double hi) {
    const std::string range = range_text(lo, hi);
    return range.empty() ? "a finite number" : "a number" + range;
}

std::string integers_in(std::int64_t lo, std::int64_t hi) { return "a list of integers" + range_text(lo, hi); }

std::string numbers_in(double lo, double hi) { return "a list of numbers" + range_text(lo, hi); }

std::string one_of(const std::vector<std::string>& names) {
    std::string text = "one of";
    for (const std::string& name : names) text += (name == names.front() ? " \"" : ", \"") + name + "\"";
    return text;
}

std::string without_article(const std::string& expected) {
    for (const std::string_view article : {"an ", "a "}) {
        if (expected.starts_with(article)) return expected.substr(article.size());
    }
    return expected;
}

const Json& empty_object() {
    static const Json empty = Json::object();
    return empty;
}

} // namespace

ConfigReader::ConfigReader(std::shared_ptr<Document> document, const Json* value, std::string pointer,
                           std::string pattern)
    : document_(std::move(document)), value_(value), pointer_(std::move(pointer)), pattern_(std::move(pattern)) {}

ConfigReader ConfigReader::from_file(const std::string& path, const std::vector<std::string>& overrides) {
    return from_text(read_file(path, kMaxConfigBytes), path, overrides);
}

ConfigReader ConfigReader::from_text(std::string_view text, const std::string& name,
                                     const std::vector<std::string>& overrides) {
    auto document = std::make_shared<Document>();
    document->file = name;
    document->effective = parse_strict_json<ordered_json>(text, name);
    for (const std::string& override : overrides) {
        document->overrides.push_back(apply_config_override(document->effective, override));
    }
    document->root = Json::parse(document->effective.dump());
    ConfigReader reader(document, &document->root, "", "");
    if (!document->root.is_object()) reader.refuse("", "an object at top level", document->root);
    return reader;
}

std::string ConfigReader::pattern_of(const std::string& key) const {
    return json_pointer_to(pattern_, has_free_keys_ ? "{}" : key);
}

ConfigKey& ConfigReader::note(const std::string& key, const std::string& expected) {
    known_.insert(key);
    const std::string pointer = pattern_of(key);
    const auto [place, is_new] = document_->place_of.try_emplace(pointer, document_->asked.size());
    if (is_new) document_->asked.push_back({pointer, "", false, {}});
    ConfigKey& asked = document_->asked[place->second];
    if (asked.expected.empty()) asked.expected = without_article(expected);
    return asked;
}

bool ConfigReader::has(const std::string& key) {
    note(key, "");
    optional_.insert(key);
    return value_->contains(key);
}

bool ConfigReader::has_or_default(const std::string& key, const std::string& expected, const ordered_json& fallback) {
    std::vector<std::string>& defaults = note(key, expected).defaults;
    const std::string text = fallback.dump();
    if (std::find(defaults.begin(), defaults.end(), text) == defaults.end()) defaults.push_back(text);
    optional_.insert(key);
    if (value_->contains(key)) return true;
    document_->effective[ordered_json::json_pointer(json_pointer_to(pointer_, key))] = fallback;
    return false;
}

const Json& ConfigReader::required(const std::string& key, const std::string& expected) {
    ConfigKey& asked = note(key, expected);
    if (!has_free_keys_ && !optional_.contains(key)) asked.required = true;
    if (!value_->contains(key)) throw ConfigError(ErrorText{where(key), "missing key", expected, "", ""});
    return (*value_)[key];
}

std::vector<ConfigKey> ConfigReader::keys_asked() const { return document_->asked; }

void ConfigReader::refuse(const std::string& at, const std::string& expected, const Json& found) const {
    throw ConfigError(ErrorText{located(at), "wrong value", expected, describe_json(found), ""});
}

std::int64_t ConfigReader::integer_of(const Json& value, const std::string& at, std::int64_t lo,
                                      std::int64_t hi) const {
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const bool fits = value.is_number_unsigned() ? value.get<std::uint64_t>() <= kMax : value.is_number_integer();
    const std::int64_t number = fits ? value.get<std::int64_t>() : 0;
    if (!fits || number < lo || number > hi) refuse(at, integer_in(lo, hi), value);
    return number;
}

double ConfigReader::real_of(const Json& value, const std::string& at, double lo, double hi) const {
    const double number = value.is_number() ? value.get<double>() : 0;
    if (!value.is_number() || number < lo || number > hi) refuse(at, number_in(lo, hi), value);
    return number;
}

const Json& ConfigReader::list_of(const std::string& key, const std::string& expected) {
    const Json& list = required(key, expected);
    if (!list.is_array()) refuse(json_pointer_to(pointer_, key), expected, list);
    return list;
}

std::int64_t ConfigReader::integer(const std::string& key, std::int64_t lo, std::int64_t hi) {
    return integer_of(required(key, integer_in(lo, hi)), json_pointer_to(pointer_, key), lo, hi);
}

double ConfigReader::real(const std::string& key, double lo, double hi) {
    return real_of(required(key, number_in(lo, hi)), json_pointer_to(pointer_, key), lo, hi);
}

bool ConfigReader::boolean(const std::string& key) {
    const Json& value = required(key, "true or false");
    if (!value.is_boolean()) refuse(json_pointer_to(pointer_, key), "true or false", value);
    return value.get<bool>();
}

std::string ConfigReader::text(const std::string& key) {
    const Json& value = required(key, "a text");
    if (!value.is_string()) refuse(json_pointer_to(pointer_, key), "a text in quotes", value);
    return value.get<std::string>();
}

std::vector<std::string> ConfigReader::texts(const std::string& key) {
    std::vector<std::string> result;
    for (const Json& entry : list_of(key, "a list of texts")) {
        const std::string at = json_pointer_to(json_pointer_to(pointer_, key), std::to_string(result.size()));
        if (!entry.is_string() || entry.get_ref<const std::string&>().empty()) refuse(at, "a non-empty text", entry);
        result.push_back(entry.get<std::string>());
    }
    return result;
}

std::vector<std::pair<std::string, std::string>> ConfigReader::text_pairs(const std::string& key) {
    const auto is_text = [](const Json& value) {
        return value.is_string() && !value.get_ref<const std::string&>().empty();
    };
    std::vector<std::pair<std::string, std::string>> result;
    for (const Json& entry : list_of(key, "a list of pairs of texts")) {
        const std::string at = json_pointer_to(json_pointer_to(pointer_, key), std::to_string(result.size()));
        if (!entry.is_array() || entry.size() != 2 || !is_text(entry[0]) || !is_text(entry[1])) {
            refuse(at, "a list of two non-empty texts", entry);
        }
        result.emplace_back(entry[0].get<std::string>(), entry[1].get<std::string>());
    }
    return result;
}

std::vector<double> ConfigReader::reals(const std::string& key, double lo, double hi) {
    std::vector<double> result;
    for (const Json& entry : list_of(key, numbers_in(lo, hi))) {
        const std::string at = json_pointer_to(json_pointer_to(pointer_, key), std::to_string(result.size()));
        result.push_back(real_of(entry, at, lo, hi));
    }
    return result;
}

std::vector<std::int64_t> ConfigReader::integers(const std::string& key, std::int64_t lo, std::int64_t hi) {
    std::vector<std::int64_t> result;
    for (const Json& entry : list_of(key, integers_in(lo, hi))) {
        const std::string at = json_pointer_to(json_pointer_to(pointer_, key), std::to_string(result.size()));
        result.push_back(integer_of(entry, at, lo, hi));
    }
    return result;
}

std::size_t ConfigReader::choice_index(const std::string& key, const std::vector<std::string>& names) {
    const std::string expected = one_of(names);
    const Json& value = required(key, expected);
    if (!value.is_string()) refuse(json_pointer_to(pointer_, key), expected, value);
    const std::string& name = value.get_ref<const std::string&>();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
        throw ConfigError(
            ErrorText{where(key), "unknown value", expected, describe_json(value), did_you_mean(name, names)});
    }
    return static_cast<std::size_t>(found - names.begin());
}

ConfigReader ConfigReader::object(const std::string& key) {
    const Json& value = required(key, "an object");
    const std::string at = json_pointer_to(pointer_, key);
    if (!value.is_object()) refuse(at, "an object", value);
    return {document_, &value, at, pattern_of(key)};
}

std::vector<ConfigReader> ConfigReader::objects(const std::string& key) {
    std::vector<ConfigReader> result;
    for (const Json& entry : list_of(key, "a list of objects")) {
        const std::string at = json_pointer_to(json_pointer_to(pointer_, key), std::to_string(result.size()));
        if (!entry.is_object()) refuse(at, "an object", entry);
        result.push_back(ConfigReader(document_, &entry, at, json_pointer_to(pattern_of(key), "[]")));
    }
    return result;
}

void ConfigReader::finish() const {
    std::vector<std::string> unknown;
    for (const std::string& key : file_keys()) {
        if (!known_.contains(key)) unknown.push_back(key);
    }
    if (unknown.empty()) return;
    const std::vector<std::string> candidates(known_.begin(), known_.end());
    if (unknown.size() == 1) {
        throw ConfigError(
            ErrorText{where(unknown.front()), "unknown key", "", "", did_you_mean(unknown.front(), candidates)});
    }
    std::string list;
    for (const std::string& key : unknown) {
        const std::string hint = did_you_mean(key, candidates);
        list += (list.empty() ? "\"" : ", \"") + key + "\"" + (hint.empty() ? "" : " (" + hint + ")");
    }
    throw ConfigError(ErrorText{where(), "unknown keys " + list, "", "", ""});
}

std::string ConfigReader::located(const std::string& pointer) const {
    std::string place = pointer.empty() ? document_->file : document_->file + ":" + pointer;
    const auto covers = [&pointer](const ConfigOverride& override) {
        return pointer == override.pointer || pointer.rfind(override.pointer + "/", 0) == 0;
    };
    const auto& overrides = document_->overrides;
    const auto last = std::find_if(overrides.rbegin(), overrides.rend(), covers);
    if (last != overrides.rend()) place += " (set by --set " + last->text + ")";
    return place;
}

std::string ConfigReader::where(const std::string& key) const {
    return located(key.empty() ? pointer_ : json_pointer_to(pointer_, key));
}

const std::string& ConfigReader::file() const { return document_->file; }

std::vector<std::string> ConfigReader::keys() {
    has_free_keys_ = true;
    return file_keys();
}

std::vector<std::string> ConfigReader::file_keys() const {
    std::vector<std::string> result;
    if (value_->empty()) return result;
    for (const auto& entry : document_->effective[ordered_json::json_pointer(pointer_)].items()) {
        if (value_->contains(entry.key())) result.push_back(entry.key());
    }
    return result;
}

std::string ConfigReader::dump(int indent) const {
    return document_->effective[ordered_json::json_pointer(pointer_)].dump(indent);
}

namespace {

/// A default that its own range refuses would make a dump that cannot be read back.
template <typename T>
void check_default(const std::vector<T>& fallback, T lo, T hi, const std::string& where) {
    for (const T value : fallback) {
        BANYAN_CHECK(lo <= value && value <= hi, where, ": the default ", value, " is not in [", lo, ", ", hi, "]");
        BANYAN_CHECK(std::isfinite(static_cast<double>(value)), where, ": the default ", value, " is not finite");
    }
}

} // namespace

std::int64_t ConfigReader::integer(const std::string& key, std::int64_t lo, std::int64_t hi, std::int64_t fallback) {
    check_default<std::int64_t>({fallback}, lo, hi, where(key));
    return has_or_default(key, integer_in(lo, hi), fallback) ? integer(key, lo, hi) : fallback;
}

double ConfigReader::real(const std::string& key, double lo, double hi, double fallback) {
    check_default<double>({fallback}, lo, hi, where(key));
    return has_or_default(key, number_in(lo, hi), fallback) ? real(key, lo, hi) : fallback;
}

bool ConfigReader::boolean(const std::string& key, bool fallback) {
    return has_or_default(key, "true or false", fallback) ? boolean(key) : fallback;
}

std::string ConfigReader::text(const std::string& key, const std::string& fallback) {
    return has_or_default(key, "a text", fallback) ? text(key) : fallback;
}

std::vector<std::string> ConfigReader::texts(const std::string& key, std::vector<std::string> fallback) {
    return has_or_default(key, "a list of texts", fallback) ? texts(key) : fallback;
}

std::vector<std::pair<std::string, std::string>>
ConfigReader::text_pairs(const std::string& key, std::vector<std::pair<std::string, std::string>> fallback) {
    return has_or_default(key, "a list of pairs of texts", fallback) ? text_pairs(key) : fallback;
}

std::vector<double> ConfigReader::reals(const std::string& key, double lo, double hi, std::vector<double> fallback) {
    check_default(fallback, lo, hi, where(key));
    return has_or_default(key, numbers_in(lo, hi), fallback) ? reals(key, lo, hi) : fallback;
}

std::vector<std::int64_t> ConfigReader::integers(const std::string& key, std::int64_t lo, std::int64_t hi,
                                                 std::vector<std::int64_t> fallback) {
    check_default(fallback, lo, hi, where(key));
    return has_or_default(key, integers_in(lo, hi), fallback) ? integers(key, lo, hi) : fallback;
}

std::size_t ConfigReader::choice_index(const std::string& key, const std::vector<std::string>& names,
                                       std::size_t fallback) {
    BANYAN_CHECK(fallback < names.size(), where(key), ": the default is not ", one_of(names));
    return has_or_default(key, one_of(names), names[fallback]) ? choice_index(key, names) : fallback;
}

ConfigReader ConfigReader::optional_object(const std::string& key) {
    if (has_or_default(key, "an object", ordered_json::object())) return object(key);
    return {document_, &empty_object(), json_pointer_to(pointer_, key), pattern_of(key)};
}

} // namespace banyan
