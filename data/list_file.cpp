#include "data/list_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/nearest_word.h"
#include "core/strict_json.h"
#include "data/csv.h"
#include "data/parse_number.h"
#include "data/text_lines.h"

namespace banyan {

namespace {

using Json = nlohmann::json;

std::optional<std::size_t> find_column(const std::vector<ListColumn>& columns, const std::string& name) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].name == name) return i;
    }
    return std::nullopt;
}

std::string names_of(const std::vector<ListColumn>& columns) {
    std::string names;
    for (const ListColumn& column : columns) names += (names.empty() ? "" : ", ") + column.name;
    return names;
}

std::string hint_for(const std::string& name, const std::vector<ListColumn>& columns) {
    std::vector<std::string> names;
    for (const ListColumn& column : columns) names.push_back(column.name);
    return did_you_mean(name, names);
}

ListRow empty_row(std::string where, std::size_t columns) {
    ListRow row;
    row.where = std::move(where);
    row.texts.resize(columns);
    row.numbers.resize(columns);
    return row;
}

/// Rows of CSV text.
class CsvRows {
public:
    CsvRows(std::string_view text, const std::string& path, const std::vector<ListColumn>& columns,
            DataProblems& problems)
        : reader_(text, path, problems), path_(path), columns_(columns), problems_(problems) {}

    std::vector<ListRow> read() {
        std::vector<ListRow> rows;
        std::vector<std::string> fields;
        if (!reader_.next(fields)) {
            problems_.add({path_, "empty list", "a first line \"" + names_of(columns_) + "\"", "", ""});
            return rows;
        }
        if (!read_header(fields)) return rows;
        while (reader_.next(fields)) {
            ListRow row = empty_row(reader_.where(), columns_.size());
            if (fill(fields, row)) rows.push_back(std::move(row));
        }
        return rows;
    }

private:
    bool read_header(const std::vector<std::string>& names) {
        const std::size_t before = problems_.count();
        const std::string where = reader_.where();
        std::vector<bool> seen(columns_.size(), false);
        for (const std::string& name : names) {
            const auto column = find_column(columns_, name);
            if (!column) {
                problems_.add(
                    {where, "unknown column \"" + name + "\"", names_of(columns_), "", hint_for(name, columns_)});
                continue;
            }
            if (seen[*column]) problems_.add({where, "column \"" + name + "\" is named twice", "", "", ""});
            seen[*column] = true;
            order_.push_back(*column);
        }
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (seen[i] || !columns_[i].is_required) continue;
            problems_.add({where, "no column \"" + columns_[i].name + "\"", names_of(columns_), "", ""});
        }
        return problems_.count() == before;
    }

    bool fill(std::vector<std::string>& fields, ListRow& row) {
        bool is_sound = true;
        for (std::size_t i = 0; i < fields.size(); ++i) {
            const std::size_t column = order_[i];
            const ListColumn& kind = columns_[column];
            if (fields[i].empty() && kind.is_required) {
                problems_.add({row.where, "empty " + kind.name, "a value", "", ""});
                is_sound = false;
            } else if (kind.is_numbers) {
                is_sound = read_numbers(fields[i], row, column) && is_sound;
            } else {
                row.texts[column] = std::move(fields[i]);
            }
        }
        return is_sound;
    }

    bool read_numbers(std::string_view text, ListRow& row, std::size_t column) {
        for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) {
            const auto number = parse_finite(word);
            if (number) row.numbers[column].push_back(*number);
            if (number) continue;
            problems_.add({row.where, "wrong " + columns_[column].name, "finite numbers with blanks between",
                           "\"" + std::string(word.substr(0, 40)) + "\"", ""});
            return false;
        }
        return true;
    }

    CsvReader reader_;
    const std::string& path_;
    const std::vector<ListColumn>& columns_;
    DataProblems& problems_;
    std::vector<std::size_t> order_; ///< [field] its column
};

/// Rows of a JSON list.
class JsonRows {
public:
    JsonRows(const std::string& path, const std::vector<ListColumn>& columns, DataProblems& problems)
        : path_(path), columns_(columns), problems_(problems) {}

    std::vector<ListRow> read(const Json& list) {
        std::vector<ListRow> rows;
        if (!list.is_array()) {
            problems_.add({path_, "wrong kind of file", "a list of objects", describe_json(list), ""});
            return rows;
        }
        for (std::size_t i = 0; i < list.size(); ++i) {
            ListRow row = empty_row(path_ + ":/" + std::to_string(i), columns_.size());
            if (fill(list[i], row)) rows.push_back(std::move(row));
        }
        return rows;
    }

private:
    bool fill(const Json& entry, ListRow& row) {
        const std::size_t before = problems_.count();
        if (!entry.is_object()) {
            problems_.add({row.where, "wrong entry", "an object", describe_json(entry), ""});
            return false;
        }
        for (const auto& [name, value] : entry.items()) {
            const auto column = find_column(columns_, name);
            if (!column) {
                problems_.add(
                    {row.where, "unknown key \"" + name + "\"", names_of(columns_), "", hint_for(name, columns_)});
            } else if (columns_[*column].is_numbers) {
                read_numbers(value, row, *column);
            } else {
                read_text(value, row, *column);
            }
        }
        for (const ListColumn& column : columns_) {
            if (!column.is_required || entry.contains(column.name)) continue;
            problems_.add({row.where, "no key \"" + column.name + "\"", names_of(columns_), "", ""});
        }
        return problems_.count() == before;
    }

    void read_text(const Json& value, ListRow& row, std::size_t column) {
        if (value.is_string()) row.texts[column] = value.get<std::string>();
        if (row.texts[column].empty()) refuse(value, row, column, "a non-empty text");
    }

    void read_numbers(const Json& value, ListRow& row, std::size_t column) {
        const bool is_list = value.is_array() && std::all_of(value.begin(), value.end(),
                                                             [](const Json& number) { return number.is_number(); });
        if (is_list) row.numbers[column] = value.get<std::vector<double>>();
        if (!is_list) refuse(value, row, column, "a list of numbers");
    }

    void refuse(const Json& value, const ListRow& row, std::size_t column, const std::string& expected) {
        problems_.add({row.where + "/" + columns_[column].name, "wrong value", expected, describe_json(value), ""});
    }

    const std::string& path_;
    const std::vector<ListColumn>& columns_;
    DataProblems& problems_;
};

} // namespace

std::vector<ListRow> parse_list(std::string_view text, const std::string& path, const std::vector<ListColumn>& columns,
                                DataProblems& problems) {
    const std::string_view beginning = trimmed(text).substr(0, 1);
    if (beginning != "[" && beginning != "{") return CsvRows(text, path, columns, problems).read();
    try {
        return JsonRows(path, columns, problems).read(parse_strict_json<Json>(text, path));
    } catch (const ConfigError& error) {
        problems.add(error);
        return {};
    }
}

} // namespace banyan
