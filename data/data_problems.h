#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"

namespace banyan {

/// Several problems at once. what() holds them in one line, numbered "[1] … [2] …".
class DataProblemsError : public DataError {
public:
    DataProblemsError(std::vector<std::string> lines, std::size_t count);

    /// The first DataProblems::kShown problems, one line each.
    const std::vector<std::string>& lines() const { return lines_; }
    /// All problems, also those not shown.
    std::size_t count() const { return count_; }

private:
    std::vector<std::string> lines_;
    std::size_t count_;
};

/// Collects what is wrong in data sets, so that all of it is reported at once and not one fault a run.
class DataProblems {
public:
    /// Lines that a report shows; all problems are counted.
    static constexpr std::size_t kShown = 20;

    /// Begins each later line, e.g. with the data set's name: "masks: ".
    void set_prefix(std::string prefix) { prefix_ = std::move(prefix); }

    void add(const ErrorText& text);
    void add(const Error& error) { add_line(error.what()); }

    std::size_t count() const { return count_; }

    /// @throws DataError          one problem: its line
    /// @throws DataProblemsError  more
    void throw_if_any() const;

private:
    void add_line(const std::string& line);

    std::string prefix_;
    std::vector<std::string> lines_;
    std::size_t count_ = 0;
};

} // namespace banyan
