#include "apps/text_table.h"

#include <algorithm>

#include "report/xml_text.h"

namespace banyan {

std::string TextTable::text() const {
    if (rows_.empty()) return "";
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], count_characters(row[i]));
    }
    std::string out;
    for (const auto& row : rows_) {
        out += row[0] + std::string(widths[0] - count_characters(row[0]), ' ');
        for (std::size_t i = 1; i < row.size(); ++i)
            out += std::string(2 + widths[i] - count_characters(row[i]), ' ') + row[i];
        out += "\n";
    }
    return out;
}

} // namespace banyan
