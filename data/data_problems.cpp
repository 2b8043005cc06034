#include "data/data_problems.h"

#include <utility>

namespace banyan {
namespace {

std::string report_of(const std::vector<std::string>& lines, std::size_t count) {
    std::string report = std::to_string(count) + " problems in the data";
    if (count > lines.size()) report += ", the first " + std::to_string(lines.size());
    report += ":";
    for (std::size_t i = 0; i < lines.size(); ++i) report += " [" + std::to_string(i + 1) + "] " + lines[i];
    return report;
}

} // namespace

DataProblemsError::DataProblemsError(std::vector<std::string> lines, std::size_t count)
    : DataError(report_of(lines, count)), lines_(std::move(lines)), count_(count) {}

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
    throw DataProblemsError(lines_, count_);
}

} // namespace banyan
