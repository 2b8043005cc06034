#pragma once

#include <string>
#include <vector>

namespace banyan {

/// Lines of cells for people: columns as wide as their widest cell, the first one's texts at the left, all others at
/// the right.
class TextTable {
public:
    /// All rows have as many cells as the first.
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    /// "" of a table without rows.
    std::string text() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

} // namespace banyan
