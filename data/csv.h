#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/data_problems.h"

namespace banyan {

/// Rows of comma-separated values by RFC 4180: lines end in LF or CRLF; a field in double quotes may hold commas, line
/// breaks and doubled quotes; blanks belong to their field. A byte order mark and blank lines are passed over. All rows
/// have as many fields as the first. Faulty rows are added to the problems with their line and left out.
class CsvReader {
public:
    /// `text` must outlive it.
    CsvReader(std::string_view text, std::string path, DataProblems& problems);

    /// The next sound row; false behind the last one.
    bool next(std::vector<std::string>& fields);
    /// "file:line" of the row that next() gave, lines counted from 1.
    std::string where() const;

private:
    bool read_row(std::vector<std::string>& fields);
    bool read_quoted(std::string& field);
    bool read_plain(std::string& field);
    bool at_line_end() const;
    bool take_line_end();
    void skip_line();
    bool refuse(const std::string& problem, const std::string& expected, const std::string& found);

    std::string_view rest_;
    std::string path_;
    DataProblems& problems_;
    std::int64_t line_ = 1;     ///< of what is next in `rest_`
    std::int64_t row_line_ = 1; ///< first line of the row read last
    std::size_t width_ = 0;     ///< fields of a row; 0 before the first
};

} // namespace banyan
