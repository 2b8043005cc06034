#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/nearest_word.h"

namespace banyan {

/// A key that the readers of one config asked for: what the reference of the config's keys is made of.
struct ConfigKey {
    std::string pointer;   ///< JSON pointer with list indices as "[]" and free keys as "{}": "/sets/[]/classes/{}"
    std::string expected;  ///< "integer in [1, 4096]"; "" where only has() was asked (the value is read by json())
    bool required = false; ///< a getter without a fallback asked, with no has() before it
    std::vector<std::string> defaults; ///< JSON texts of all the fallbacks that differ, in the order asked
};

/// Strict view of one JSON object of a config file. Each getter records its key; finish() throws on the keys that
/// nobody asked for, with the nearest known one. Every ConfigError names `file:/json/pointer`, what was expected
/// and what was found. Integers must be JSON integers in range; numbers are finite; no coercions.
class ConfigReader {
public:
    template <typename T>
    using Choices = std::vector<std::pair<std::string, T>>;

    /// Parses a file: strict JSON, duplicate keys refused, top level an object.
    /// Each override is "POINTER=VALUE" (e.g. "/train/lr=0.01"; VALUE is JSON, or else taken as a string); the
    /// pointer's parent must exist. @throws ConfigError, IoError
    static ConfigReader from_file(const std::string& path, const std::vector<std::string>& overrides = {});
    /// The same for text; `name` stands for the file in messages.
    static ConfigReader from_text(std::string_view text, const std::string& name,
                                  const std::vector<std::string>& overrides = {});

    bool has(const std::string& key); ///< also records the key as known, and as one that may be missing

    // The forms with a fallback note it in dump(). @throws CheckError a fallback outside [lo, hi] or the table

    std::int64_t integer(const std::string& key, std::int64_t lo, std::int64_t hi);
    std::int64_t integer(const std::string& key, std::int64_t lo, std::int64_t hi, std::int64_t fallback);
    double real(const std::string& key, double lo, double hi);
    double real(const std::string& key, double lo, double hi, double fallback);
    bool boolean(const std::string& key);
    bool boolean(const std::string& key, bool fallback);
    std::string text(const std::string& key);
    std::string text(const std::string& key, const std::string& fallback);
    std::vector<std::string> texts(const std::string& key); ///< list of non-empty strings
    std::vector<std::string> texts(const std::string& key, std::vector<std::string> fallback);
    std::vector<std::pair<std::string, std::string>> text_pairs(const std::string& key); ///< list of [text, text]
    std::vector<std::pair<std::string, std::string>>
    text_pairs(const std::string& key, std::vector<std::pair<std::string, std::string>> fallback);
    std::vector<double> reals(const std::string& key, double lo, double hi);
    std::vector<double> reals(const std::string& key, double lo, double hi, std::vector<double> fallback);
    std::vector<std::int64_t> integers(const std::string& key, std::int64_t lo, std::int64_t hi);
    std::vector<std::int64_t> integers(const std::string& key, std::int64_t lo, std::int64_t hi,
                                       std::vector<std::int64_t> fallback);
    /// One of the table's names; an unknown one is refused with the nearest.
    template <typename T>
    T choice(const std::string& key, const Choices<T>& table) {
        return table[choice_index(key, names_of(table))].second;
    }
    template <typename T>
    T choice(const std::string& key, const Choices<T>& table, T fallback) {
        std::size_t index = 0;
        while (index < table.size() && table[index].second != fallback) ++index;
        return table[choice_index(key, names_of(table), index)].second;
    }

    ConfigReader object(const std::string& key);               ///< required sub-object
    ConfigReader optional_object(const std::string& key);      ///< an empty object where the key is missing
    std::vector<ConfigReader> objects(const std::string& key); ///< required list of objects
    /// Keys of this object in file order, for maps with free keys (e.g. class maps); call it before the getters.
    std::vector<std::string> keys();

    /// @throws ConfigError naming every key that was never asked for. Call it after the last getter.
    void finish() const;

    /// "file:/pointer" of this object, or of `key` in it, for messages.
    std::string where(const std::string& key = "") const;
    const std::string& file() const;
    /// This object's effective config as JSON text: the file's keys in their order with the overrides applied, then
    /// each missing key that a getter has filled with its default. Complete once all readers are finished.
    std::string dump(int indent = 2) const;
    /// All keys that the readers of this config have asked for so far, each once, in the order in which they came up.
    std::vector<ConfigKey> keys_asked() const;
    /// The parsed JSON of this object; only for core/ and *_config.cpp files.
    const nlohmann::json& json() const { return *value_; }

private:
    struct Document;
    ConfigReader(std::shared_ptr<Document> document, const nlohmann::json* value, std::string pointer,
                 std::string pattern);
    template <typename T>
    static std::vector<std::string> names_of(const Choices<T>& table) {
        std::vector<std::string> names;
        for (const auto& entry : table) names.push_back(entry.first);
        return names;
    }
    std::size_t choice_index(const std::string& key, const std::vector<std::string>& names);
    std::size_t choice_index(const std::string& key, const std::vector<std::string>& names, std::size_t fallback);
    std::string pattern_of(const std::string& key) const;
    ConfigKey& note(const std::string& key, const std::string& expected);
    bool has_or_default(const std::string& key, const std::string& expected, const nlohmann::ordered_json& fallback);
    std::vector<std::string> file_keys() const;
    const nlohmann::json& required(const std::string& key, const std::string& expected);
    [[noreturn]] void refuse(const std::string& at, const std::string& expected, const nlohmann::json& found) const;
    std::int64_t integer_of(const nlohmann::json& value, const std::string& at, std::int64_t lo, std::int64_t hi) const;
    double real_of(const nlohmann::json& value, const std::string& at, double lo, double hi) const;
    const nlohmann::json& list_of(const std::string& key, const std::string& expected);
    std::string located(const std::string& pointer) const;

    std::shared_ptr<Document> document_; ///< shared by all readers of one file; not thread-safe
    const nlohmann::json* value_;
    std::string pointer_;
    std::string pattern_; ///< the pointer as ConfigKey writes it
    bool has_free_keys_ = false;
    std::set<std::string> known_;
    std::set<std::string> optional_; ///< keys that may be missing
};

} // namespace banyan
