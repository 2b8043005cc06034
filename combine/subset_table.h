#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "combine/grouping_search.h"

namespace banyan {

/// Networks that were trained on sets of tasks, with the losses that they reached: what a search over given networks
/// starts from.
struct SubsetTable {
    std::string file;
    std::vector<std::string> tasks;       ///< at least 2, at most kMostTasks
    std::vector<GroupCandidate> networks; ///< in the file's order
    std::vector<std::string> places;      ///< [network] "file:line" or "file:/json/pointer"

    /// Names of a set's tasks.
    std::vector<std::string> names_of(TaskSet set) const;
};

/// Reads a table in one of two forms.
///
/// Tab-separated, as published with "Which Tasks Should Be Learned Together in Multi-task Learning?"
/// (arXiv:1905.07553): a column a task, losses, an empty cell = the task is not in that network. The first line is one
/// half-size network for each task, cost 0.5 each; every other line is one network of cost 1. Trailing tabs and the
/// last line break may be missing.
///
/// JSON: {"schema_version": 1, "tasks": [names], "networks": [{"tasks": [names], "cost": 1, "losses": {name: loss},
/// "errors": {name: standard error}}]}; "errors" may be missing, or name some of the tasks.
///
/// @param task_names  of a tab-separated table's columns; empty: "task1", "task2", …
/// @throws IoError; UsageError names that do not fit; DataError with line and column, or JSON pointer, for all that is
///         no finite number, negative costs, a network given twice, a wrong number of columns, a task without a network
SubsetTable load_subset_table(const std::string& path, const std::vector<std::string>& task_names = {});
/// The same for text; `name` stands for the file in messages.
SubsetTable parse_subset_table(const std::string& text, const std::string& name,
                               const std::vector<std::string>& task_names = {});

/// How many sets of tasks no network was trained on; the search cannot choose them.
std::size_t missing_subsets(const SubsetTable& table);

/// Losses of a table's networks in another table, e.g. on test images.
struct ReportedLosses {
    std::string file;
    std::vector<std::vector<double>> losses; ///< [network][T]; empty where the other table has no such network
};

/// Networks are the same when their tasks and costs are. @throws DataError the tables' tasks differ
ReportedLosses losses_in(const SubsetTable& table, const SubsetTable& other);

/// Weighted loss of a grouping of the table's networks by other losses, each task served by the network that serves it
/// in the grouping. @throws DataError a network is missing there
double reported_loss(const Grouping& grouping, const SubsetTable& table, const ReportedLosses& reported,
                     const std::vector<double>& weights);

/// For the readers of both forms. @throws DataError a network that is there twice, or a task without one
void check_subset_table(const SubsetTable& table);
/// The JSON form alone.
SubsetTable parse_subset_table_json(const std::string& text, const std::string& name);

} // namespace banyan
