#include "data/csv.h"

#include <algorithm>
#include <utility>

namespace banyan {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

} // namespace

CsvReader::CsvReader(std::string_view text, std::string path, DataProblems& problems)
    : rest_(text), path_(std::move(path)), problems_(problems) {
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
}

bool CsvReader::next(std::vector<std::string>& fields) {
    while (!rest_.empty()) {
        row_line_ = line_;
        fields.clear();
        if (take_line_end() || !read_row(fields)) continue;
        if (width_ == 0) width_ = fields.size();
        if (fields.size() == width_) return true;
        refuse("wrong number of fields", std::to_string(width_), std::to_string(fields.size()));
    }
    return false;
}

std::string CsvReader::where() const { return path_ + ":" + std::to_string(row_line_); }

/// False where the row has a fault, which is reported; the rest of its line is passed over.
bool CsvReader::read_row(std::vector<std::string>& fields) {
    while (true) {
        std::string field;
        const bool is_sound = rest_.starts_with('"') ? read_quoted(field) : read_plain(field);
        if (!is_sound) return false;
        fields.push_back(std::move(field));
        if (rest_.empty() || take_line_end()) return true;
        rest_.remove_prefix(1); // the comma
    }
}

bool CsvReader::read_quoted(std::string& field) {
    rest_.remove_prefix(1);
    while (true) {
        const std::size_t quote = rest_.find('"');
        const std::string_view part = rest_.substr(0, quote);
        line_ += std::count(part.begin(), part.end(), '\n');
        field += part;
        rest_.remove_prefix(part.size());
        if (rest_.empty()) return refuse("a quoted field does not end", "a closing quote", "the end of the file");
        rest_.remove_prefix(1);
        if (!rest_.starts_with('"')) break;
        field += '"';
        rest_.remove_prefix(1);
    }
    if (rest_.empty() || rest_.front() == ',' || at_line_end()) return true;
    refuse("text behind a quoted field", "a comma or the end of the line", std::string(1, rest_.front()));
    skip_line();
    return false;
}

bool CsvReader::read_plain(std::string& field) {
    std::size_t end = std::min(rest_.find_first_of(",\n\""), rest_.size());
    if (end < rest_.size() && rest_[end] == '"') {
        refuse("a quote inside a field", "quotes around the whole field, doubled inside", "");
        skip_line();
        return false;
    }
    const bool has_return = end > 0 && rest_[end - 1] == '\r' && (end == rest_.size() || rest_[end] == '\n');
    if (has_return) --end;
    field = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return true;
}

bool CsvReader::at_line_end() const { return rest_.starts_with('\n') || rest_.starts_with("\r\n") || rest_ == "\r"; }

bool CsvReader::take_line_end() {
    if (!at_line_end()) return false;
    rest_.remove_prefix(rest_.starts_with("\r\n") ? 2 : 1);
    ++line_;
    return true;
}

void CsvReader::skip_line() {
    rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
    take_line_end();
}

bool CsvReader::refuse(const std::string& problem, const std::string& expected, const std::string& found) {
    problems_.add({where(), problem, expected, found, ""});
    return false;
}

} // namespace banyan
