#include "combine/subset_table.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string_view>

#include "combine/decimal_scale.h"
#include "core/atomic_file.h"
#include "core/error.h"

namespace banyan {

namespace {

constexpr std::size_t kMostBytes = std::size_t{256} << 20;
constexpr double kHalfSizeCost = 0.5;

using Cells = std::vector<std::string_view>;

std::vector<std::string_view> pieces(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(separator, begin), text.size());
        parts.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

std::string_view trimmed(std::string_view text) {
    const auto is_blank = [](char c) { return c == ' ' || c == '\r'; };
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

/// Cells of a line, without the empty ones at its end.
Cells cells_of(std::string_view line) {
    Cells cells = pieces(line, '\t');
    for (std::string_view& cell : cells) cell = trimmed(cell);
    while (!cells.empty() && cells.back().empty()) cells.pop_back();
    return cells;
}

double loss_of(std::string_view cell, const std::string& where) {
    double value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error == std::errc{} && end == cell.data() + cell.size() && std::isfinite(value)) return value;
    throw DataError(ErrorText{where, "not a loss", "a finite number, or nothing where the task is not in the network",
                              "\"" + std::string(cell.substr(0, 40)) + "\"", ""});
}

/// One tab-separated table, line by line.
class TabbedReader {
public:
    explicit TabbedReader(const std::string& name) { table_.file = name; }

    SubsetTable read(std::string_view text) {
        std::vector<std::string_view> lines = pieces(text, '\n');
        while (!lines.empty() && cells_of(lines.back()).empty()) lines.pop_back();
        for (const std::string_view line : lines) {
            ++line_;
            if (line_ == 1)
                half_size(cells_of(line));
            else
                full_size(cells_of(line));
        }
        if (line_ == 0) throw DataError(ErrorText{table_.file, "an empty file", "a table of networks", "", ""});
        return std::move(table_);
    }

private:
    std::string place() const { return table_.file + ":" + std::to_string(line_); }
    std::string place(std::size_t column) const { return place() + ", column " + std::to_string(column + 1); }

    void half_size(const Cells& cells) {
        if (cells.size() < 2 || cells.size() > kMostTasks) {
            throw DataError(ErrorText{place(), "not the first line of a table of networks",
                                      "a loss for each of 2 to " + std::to_string(kMostTasks) + " tasks, tabs between",
                                      std::to_string(cells.size()) + (cells.size() == 1 ? " column" : " columns"), ""});
        }
        for (std::size_t t = 0; t < cells.size(); ++t) table_.tasks.push_back("task" + std::to_string(t + 1));
        for (std::size_t t = 0; t < cells.size(); ++t) {
            if (cells[t].empty()) {
                throw DataError(ErrorText{place(t), "no loss", "that of the task's half-size network", "", ""});
            }
            Cells one(t + 1);
            one[t] = cells[t];
            add(one, kHalfSizeCost);
        }
    }

    void full_size(const Cells& cells) {
        if (cells.size() > table_.tasks.size()) {
            throw DataError(ErrorText{place(), "too many columns",
                                      std::to_string(table_.tasks.size()) + ", as in the first line",
                                      std::to_string(cells.size()), ""});
        }
        if (cells.empty()) throw DataError(ErrorText{place(), "a network without a task", "a loss at least", "", ""});
        add(cells, 1);
    }

    void add(const Cells& cells, double cost) {
        GroupCandidate network;
        network.cost = cost;
        network.losses.assign(table_.tasks.size(), std::numeric_limits<double>::quiet_NaN());
        for (std::size_t t = 0; t < cells.size(); ++t) {
            if (cells[t].empty()) continue;
            network.losses[t] = loss_of(cells[t], place(t));
            network.tasks |= TaskSet{1} << t;
        }
        table_.networks.push_back(std::move(network));
        table_.places.push_back(place());
    }

    SubsetTable table_;
    std::size_t line_ = 0;
};

std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

std::vector<std::string> checked_names(const std::vector<std::string>& names, const SubsetTable& table) {
    if (names.size() != table.tasks.size()) {
        throw UsageError(ErrorText{"--tasks", "not one name for each column of " + table.file,
                                   std::to_string(table.tasks.size()) + " names", std::to_string(names.size()), ""});
    }
    if (std::set<std::string>(names.begin(), names.end()).size() == names.size()) return names;
    throw UsageError(ErrorText{"--tasks", "a name twice", "a name for each task", listed(names), ""});
}

bool is_json(const std::string& text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    return first != std::string::npos && text[first] == '{';
}

} // namespace

std::vector<std::string> SubsetTable::names_of(TaskSet set) const {
    std::vector<std::string> names;
    for (std::size_t t = 0; t < tasks.size(); ++t) {
        if ((set >> t & 1U) != 0) names.push_back(tasks[t]);
    }
    return names;
}

SubsetTable load_subset_table(const std::string& path, const std::vector<std::string>& task_names) {
    return parse_subset_table(read_file(path, kMostBytes), path, task_names);
}

SubsetTable parse_subset_table(const std::string& text, const std::string& name,
                               const std::vector<std::string>& task_names) {
    if (is_json(text)) {
        if (task_names.empty()) return parse_subset_table_json(text, name);
        throw UsageError(ErrorText{"--tasks", "names for the columns of a table that names its tasks itself",
                                   "a tab-separated table", name, "leave it out"});
    }
    SubsetTable table = TabbedReader(name).read(text);
    if (!task_names.empty()) table.tasks = checked_names(task_names, table);
    check_subset_table(table);
    return table;
}

void check_subset_table(const SubsetTable& table) {
    std::map<std::pair<TaskSet, double>, std::size_t> known;
    TaskSet served = 0;
    for (std::size_t i = 0; i < table.networks.size(); ++i) {
        const GroupCandidate& network = table.networks[i];
        served |= network.tasks;
        const auto [before, is_new] = known.try_emplace({network.tasks, network.cost}, i);
        if (is_new) continue;
        throw DataError(ErrorText{table.places[i], "a network that is there before", "one of a cost for a set of tasks",
                                  listed(table.names_of(network.tasks)) + ", as in " + table.places[before->second],
                                  ""});
    }
    const TaskSet all = all_tasks(table.tasks.size());
    if (served == all) return;
    throw DataError(ErrorText{table.file, "tasks that no network has", "a network for each task",
                              listed(table.names_of(all & ~served)), ""});
}

std::size_t missing_subsets(const SubsetTable& table) {
    std::set<TaskSet> known;
    for (const GroupCandidate& network : table.networks) known.insert(network.tasks);
    return (std::size_t{1} << table.tasks.size()) - 1 - known.size();
}

ReportedLosses losses_in(const SubsetTable& table, const SubsetTable& other) {
    if (table.tasks != other.tasks) {
        throw DataError(ErrorText{other.file, "a table of other tasks than " + table.file, listed(table.tasks),
                                  listed(other.tasks), ""});
    }
    std::map<std::pair<TaskSet, double>, std::size_t> places;
    for (std::size_t i = 0; i < other.networks.size(); ++i)
        places[{other.networks[i].tasks, other.networks[i].cost}] = i;
    ReportedLosses reported{other.file, {}};
    for (const GroupCandidate& network : table.networks) {
        const auto found = places.find({network.tasks, network.cost});
        reported.losses.push_back(found == places.end() ? std::vector<double>{} : other.networks[found->second].losses);
    }
    return reported;
}

double reported_loss(const Grouping& grouping, const SubsetTable& table, const ReportedLosses& reported,
                     const std::vector<double>& weights) {
    std::vector<double> terms;
    for (const ChosenGroup& group : grouping.groups) {
        const std::vector<double>& losses = reported.losses[group.candidate];
        if (losses.empty()) {
            throw DataError(ErrorText{reported.file, "a network of the plan is missing",
                                      "that of " + table.places[group.candidate],
                                      "none for " + listed(table.names_of(table.networks[group.candidate].tasks)), ""});
        }
        for (std::size_t t = 0; t < losses.size(); ++t) {
            if ((group.serves >> t & 1U) != 0) terms.push_back((weights.empty() ? 1 : weights[t]) * losses[t]);
        }
    }
    return decimal_sum(terms);
}

} // namespace banyan
