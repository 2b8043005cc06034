#include "core/strict_json.h"

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace banyan {

namespace {

constexpr std::size_t kMaxDepth = 64;

/// "line:column", both from 1, of the byte at `offset`; columns count bytes.
std::string line_and_column(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, std::min(offset, text.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t line_start = before.rfind('\n') + 1; // npos + 1 is 0: the first line
    return std::to_string(line) + ":" + std::to_string(before.size() - line_start + 1);
}

/// The library's reason without its own prefix and position.
std::string reason_of(const std::string& what) {
    std::string reason = what.substr(std::min(what.find("] ") + 2, what.size()));
    const bool has_position = reason.rfind("parse error at line", 0) == 0;
    const std::size_t position_end = has_position ? reason.find(": ") : std::string::npos;
    return position_end == std::string::npos ? reason : reason.substr(position_end + 2);
}

/// SAX consumer that builds a DOM; knows at each value where in the document it stands. The callbacks' names are the
/// library's.
template <typename Json>
class StrictBuilder {
public:
    StrictBuilder(std::string_view text, const std::string& name) : text_(text), name_(name) {}

    Json take() { return std::move(root_); }

    bool null() { return put(nullptr); }
    bool boolean(bool value) { return put(value); }
    bool number_integer(typename Json::number_integer_t value) { return put(value); }
    bool number_unsigned(typename Json::number_unsigned_t value) { return put(value); }
    bool number_float(typename Json::number_float_t value, const std::string& /*as_written*/) { return put(value); }
    bool string(std::string& value) { return put(std::move(value)); }
    bool binary(typename Json::binary_t& /*value*/) { return false; }
    bool start_object(std::size_t /*size*/) { return open(Json::object()); }
    bool start_array(std::size_t /*size*/) { return open(Json::array()); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }

    bool key(std::string& key) {
        Level& top = levels_.back();
        if (top.container->contains(key)) {
            throw ConfigError(ErrorText{name_ + ":" + json_pointer_to(top.pointer, key), "duplicate key", "", "",
                                        "keep one of the two"});
        }
        top.key = key;
        return true;
    }

    template <typename Exception>
    bool parse_error(std::size_t position, const std::string& /*last_token*/, const Exception& error) {
        // The position counts the bytes read, the wrong one included.
        throw ConfigError(ErrorText{name_ + ":" + line_and_column(text_, position - std::min<std::size_t>(position, 1)),
                                    "not valid JSON: " + reason_of(error.what()), "", "", ""});
    }

private:
    struct Level {
        Json* container;
        std::string pointer;
        std::string key;
    };

    Json* insert(Json value) {
        if (levels_.empty()) {
            root_ = std::move(value);
            return &root_;
        }
        Json& container = *levels_.back().container;
        if (container.is_object()) return &(container[levels_.back().key] = std::move(value));
        container.push_back(std::move(value));
        return &container.back();
    }

    bool put(Json value) {
        insert(std::move(value));
        return true;
    }

    bool open(Json empty) {
        std::string pointer;
        if (!levels_.empty()) {
            const Level& top = levels_.back();
            pointer = json_pointer_to(top.pointer,
                                      top.container->is_object() ? top.key : std::to_string(top.container->size()));
        }
        if (levels_.size() == kMaxDepth) {
            throw ConfigError(ErrorText{name_ + ":" + pointer, "nested too deeply",
                                        "at most " + std::to_string(kMaxDepth) + " levels", "", ""});
        }
        Json* const container = insert(std::move(empty));
        levels_.push_back({container, pointer, ""});
        return true;
    }

    bool close() {
        levels_.pop_back();
        return true;
    }

    std::string_view text_;
    const std::string& name_;
    Json root_;
    std::vector<Level> levels_;
};

} // namespace

template <typename Json>
Json parse_strict_json(std::string_view text, const std::string& name) {
    // The library takes a NUL byte for the end of the text and would ignore whatever follows.
    const std::size_t nul = text.find('\0');
    if (nul != std::string_view::npos) {
        throw ConfigError(ErrorText{name + ":" + line_and_column(text, nul), "not valid JSON: a NUL byte", "", "", ""});
    }
    StrictBuilder<Json> builder(text, name);
    Json::sax_parse(text.begin(), text.end(), &builder);
    return builder.take();
}

template nlohmann::json parse_strict_json<nlohmann::json>(std::string_view, const std::string&);
template nlohmann::ordered_json parse_strict_json<nlohmann::ordered_json>(std::string_view, const std::string&);

std::string json_pointer_to(const std::string& pointer, const std::string& key) {
    std::string extended = pointer + "/";
    for (const char c : key) {
        if (c == '~')
            extended += "~0";
        else if (c == '/')
            extended += "~1";
        else
            extended += c;
    }
    return extended;
}

std::string describe_json(const nlohmann::json& value) {
    constexpr std::size_t kLongest = 60;
    if (value.is_array()) return "a list of " + std::to_string(value.size());
    if (value.is_object()) return "an object";
    std::string text = value.dump(-1, ' ', true); // pure ASCII, so that the cut below cannot split a character
    if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
    return text;
}

} // namespace banyan
