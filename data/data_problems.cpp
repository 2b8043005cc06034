#include "data/data_problems.h"

namespace banyan {

void DataProblems::add(const ErrorText& text) {
    ++count_;
    // A broken file of a million lines must not cost a million formatted messages.
    if (lines_.size() < kShown) lines_.push_back(prefix_ + format_error(text));
}

void DataProblems::add_line(const std::string& line) {
    ++count_;
    if (lines_.size() < kShown) lines_.push_back(prefix_ + line);
}

void DataProblems::throw_if_any() const {
    if (count_ == 0) return;
    if (count_ == 1) throw DataError(lines_.front());
    std::string report = std::to_string(count_) + " problems in the data";
    if (count_ > lines_.size()) report += ", the first " + std::to_string(lines_.size());
    report += ":";
    for (const std::string& line : lines_) report += "\n  " + line;
    throw DataError(report);
}

} // namespace banyan
