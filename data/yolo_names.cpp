#include "data/yolo_names.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "core/error.h"
#include "data/parse_number.h"
#include "data/text_lines.h"

namespace banyan {
namespace {

/// The little of YAML that class lists use: plain, single- and double-quoted scalars in lists and maps of one level.
class NamesReader {
public:
    NamesReader(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

    void read() {
        while (!rest_.empty()) {
            const std::string_view line = take_line(rest_);
            ++line_;
            if (const auto value = value_of_key(line, "nc")) read_count(*value);
            if (const auto value = value_of_key(line, "names")) read_names(*value);
        }
        check();
    }

    std::vector<std::string> take() { return std::move(names_); }

private:
    /// What follows "key:" at the line's beginning; nothing for other lines, also indented ones.
    static std::optional<std::string_view> value_of_key(std::string_view line, std::string_view key) {
        if (line.substr(0, key.size()) != key) return std::nullopt;
        const std::string_view rest = trimmed(line.substr(key.size()));
        if (rest.empty() || rest.front() != ':') return std::nullopt;
        return without_comment(rest.substr(1));
    }

    static std::string_view without_comment(std::string_view text) {
        char quote = '\0';
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (quote != '\0') {
                if (c == quote) quote = '\0';
            } else if (c == '\'' || c == '"') {
                quote = c;
            } else if (c == '#' && (i == 0 || kBlank.find(text[i - 1]) != std::string_view::npos)) {
                return trimmed(text.substr(0, i));
            }
        }
        return trimmed(text);
    }

    void read_count(std::string_view value) {
        const auto count = parse_integer(value);
        if (!count || *count < 1) refuse("wrong class count", "nc: an integer >= 1", std::string(value));
        count_ = *count;
    }

    void read_names(std::string_view value) {
        if (!names_.empty()) refuse("key \"names\" stands twice", "", "");
        if (value.empty()) {
            read_block();
        } else if (value.front() == '[' || value.front() == '{') {
            read_flow(std::string(value));
        } else {
            refuse("wrong class names", "a list or a map", std::string(value));
        }
    }

    void read_block() {
        while (!rest_.empty()) {
            std::string_view after = rest_;
            const std::string_view line = take_line(after);
            const std::string_view entry = without_comment(line);
            const bool belongs = entry.empty() || entry.front() == '-' || line.front() == ' ' || line.front() == '\t';
            if (!belongs) return;
            rest_ = after;
            ++line_;
            if (entry.empty()) continue;
            if (entry.front() == '-') {
                add(trimmed(entry.substr(1)));
            } else {
                add_pair(entry);
            }
        }
    }

    /// "[a, 'b', …]" or "{0: a, 1: b}", possibly over several lines.
    void read_flow(std::string text) {
        const char close = text.front() == '[' ? ']' : '}';
        while (text.back() != close) {
            if (rest_.empty()) refuse("class names do not end", std::string("a closing ") + close, "");
            text += ' ';
            text += without_comment(take_line(rest_));
            ++line_;
        }
        std::string_view inner = trimmed(std::string_view(text).substr(1, text.size() - 2));
        while (!inner.empty()) {
            const std::string_view entry = take_flow_entry(inner);
            if (close == ']') {
                add(entry);
            } else {
                add_pair(entry);
            }
        }
    }

    std::string_view take_flow_entry(std::string_view& inner) {
        char quote = '\0';
        std::size_t end = 0;
        for (; end < inner.size(); ++end) {
            const char c = inner[end];
            if (quote != '\0') {
                if (c == quote) quote = '\0';
            } else if (c == ',') {
                break;
            } else if (c == '\'' || c == '"') {
                quote = c;
            }
        }
        const std::string_view entry = trimmed(inner.substr(0, end));
        inner = trimmed(inner.substr(end == inner.size() ? end : end + 1)); // a comma at the end is allowed
        return entry;
    }

    void add_pair(std::string_view entry) {
        const std::size_t colon = entry.find(':');
        const auto index = parse_integer(trimmed(entry.substr(0, colon)));
        if (colon == std::string_view::npos || !index || *index != static_cast<std::int64_t>(names_.size())) {
            refuse("wrong class number", std::to_string(names_.size()) + ": NAME", std::string(entry));
        }
        add(trimmed(entry.substr(colon + 1)));
    }

    void add(std::string_view scalar) {
        std::string name;
        const char quote = scalar.empty() ? '\0' : scalar.front();
        if (quote != '\'' && quote != '"') {
            name = std::string(scalar);
        } else if (scalar.size() < 2 || scalar.back() != quote) {
            refuse("quote is not closed", "", std::string(scalar));
        } else {
            name = unquoted(scalar.substr(1, scalar.size() - 2), quote);
        }
        if (name.empty()) refuse("empty class name", "", "");
        names_.push_back(std::move(name));
    }

    static std::string unquoted(std::string_view inner, char quote) {
        const char escape = quote == '\'' ? '\'' : '\\'; // 'it''s' and "a\"b"
        std::string name;
        for (std::size_t i = 0; i < inner.size(); ++i) {
            if (inner[i] == escape && i + 1 < inner.size()) ++i;
            name += inner[i];
        }
        return name;
    }

    void check() const {
        if (names_.empty()) {
            throw DataError({file_, "no class names", "names: [ … ]", "", "list the classes in their order"});
        }
        if (count_ == 0 || count_ == static_cast<std::int64_t>(names_.size())) return;
        throw DataError(
            {file_, "nc is " + std::to_string(count_) + " but " + std::to_string(names_.size()) + " names are listed",
             "", "", "make the two agree"});
    }

    [[noreturn]] void refuse(const std::string& problem, const std::string& expected, const std::string& found) const {
        throw DataError({file_ + ":" + std::to_string(line_), problem, expected, found, ""});
    }

    std::string_view rest_;
    const std::string& file_;
    std::int64_t line_ = 0;
    std::int64_t count_ = 0; ///< "nc"; 0: not stated
    std::vector<std::string> names_;
};

} // namespace

std::vector<std::string> parse_yolo_yaml(std::string_view text, const std::string& file) {
    NamesReader reader(text, file);
    reader.read();
    return reader.take();
}

std::vector<std::string> parse_yolo_name_list(std::string_view text, const std::string& file) {
    std::vector<std::string> names;
    std::size_t used = 0;
    for (std::string_view rest = text; !rest.empty();) {
        names.emplace_back(trimmed(take_line(rest)));
        if (!names.back().empty()) used = names.size();
    }
    names.resize(used);
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i].empty()) throw DataError({file + ":" + std::to_string(i + 1), "empty class name", "", "", ""});
    }
    if (names.empty()) throw DataError({file, "no class names", "one a line", "", ""});
    return names;
}

} // namespace banyan
