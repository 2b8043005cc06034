#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "data/data_problems.h"

namespace banyan {

/// A column of a list file, or a member of its objects.
struct ListColumn {
    std::string name;
    bool is_numbers = false; ///< CSV: finite numbers with blanks between; JSON: a list of numbers. Else a text
    bool is_required = true; ///< it must be there and not be empty
};

struct ListRow {
    std::string where;                        ///< "file:line" or "file:/entry"
    std::vector<std::string> texts;           ///< [column]; "" where it is missing or holds numbers
    std::vector<std::vector<double>> numbers; ///< [column]; empty where it is missing or holds a text
};

/// Rows of a list in one of two forms: CSV (data/csv.h) whose first line names the columns, in any order; or JSON, a
/// list of objects with those members. Unknown columns and members, missing and wrong values are added to `problems`,
/// and their rows left out. @param path for messages
std::vector<ListRow> parse_list(std::string_view text, const std::string& path, const std::vector<ListColumn>& columns,
                                DataProblems& problems);

} // namespace banyan
