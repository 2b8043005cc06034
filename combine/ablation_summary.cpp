#include "combine/ablation_summary.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>

#include "core/error.h"
#include "core/nearest_word.h"

namespace banyan {

namespace {

const std::vector<std::string>& metrics() {
    static const std::vector<std::string> names{"ap", "ap50", "ap75", "ar100"};
    return names;
}

void check_word(const std::string& option, const std::string& word, const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), word) != known.end()) return;
    std::string list;
    for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
    throw UsageError(ErrorText{option, "", "one of " + list, "\"" + word + "\"", did_you_mean(word, known)});
}

double mean_of(const std::vector<const RunRow*>& rows, double RunRow::*number) {
    double sum = 0;
    for (const RunRow* row : rows) sum += row->*number;
    return rows.empty() ? 0 : sum / static_cast<double>(rows.size());
}

/// The task's number in a run, if it has one.
std::optional<double> value_in(const RunRow& row, const std::string& task, const std::string& metric) {
    for (const RunResult& result : row.results) {
        if (result.task == task && result.metric == metric) return result.value;
    }
    return std::nullopt;
}

void summarise_cell(CellSummary& cell, const AblationSummary& summary) {
    for (const RunRow* row : cell.runs) {
        if (row->state == RunState::done) cell.done.push_back(row);
    }
    std::vector<double> sums(cell.done.size(), 0.0);
    for (const std::string& task : summary.tasks) {
        std::vector<double> values;
        for (const RunRow* row : cell.done) {
            if (const auto value = value_in(*row, task, summary.metric)) values.push_back(*value);
        }
        if (values.size() != cell.done.size() || values.empty()) continue; // a task of other cells
        for (std::size_t i = 0; i < values.size(); ++i) sums[i] += values[i];
        cell.tasks[task] = seed_mean(std::move(values));
    }
    if (!cell.tasks.empty()) {
        for (double& sum : sums) sum /= static_cast<double>(cell.tasks.size());
        cell.mean = seed_mean(std::move(sums));
    }
    cell.images_per_second = mean_of(cell.done, &RunRow::images_per_second);
    cell.seconds = mean_of(cell.done, &RunRow::seconds);
}

std::string without_blanks(std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\t'; });
    return text;
}

bool names(const CellSummary& cell, const std::string& text) {
    const std::string label = without_blanks(cell_label(cell.cell)), plan = without_blanks(cell.cell.plan);
    return text == std::to_string(cell.number) || text == label || text == plan;
}

std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

/// The shortest text that reads back to the same number.
std::string csv_number(double value) {
    std::string text(32, '\0');
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    text.resize(static_cast<std::size_t>(end - text.data()));
    return text;
}

std::string csv_line(const std::vector<std::string>& fields) {
    std::string line;
    for (const std::string& field : fields) line += (line.empty() ? "" : ",") + csv_field(field);
    return line + "\r\n";
}

/// The number of each run's cell.
std::vector<int> cell_numbers(const std::vector<RunRow>& rows) {
    std::map<CellKey, int> known;
    std::vector<int> numbers;
    for (const RunRow& row : rows)
        numbers.push_back(known.try_emplace(row.cell, static_cast<int>(known.size()) + 1).first->second);
    return numbers;
}

} // namespace

AblationSummary summarise_ablation(const std::vector<RunRow>& rows, const std::string& metric) {
    check_word("--metric", metric, metrics());
    AblationSummary summary{metric, {}, {}};
    const std::vector<int> numbers = cell_numbers(rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (static_cast<std::size_t>(numbers[i]) > summary.cells.size()) {
            CellSummary& cell = summary.cells.emplace_back();
            cell.number = numbers[i];
            cell.cell = rows[i].cell;
        }
        summary.cells[static_cast<std::size_t>(numbers[i] - 1)].runs.push_back(&rows[i]);
        for (const RunResult& result : rows[i].results) {
            const bool is_known =
                std::find(summary.tasks.begin(), summary.tasks.end(), result.task) != summary.tasks.end();
            if (!is_known) summary.tasks.push_back(result.task);
        }
    }
    for (CellSummary& cell : summary.cells) {
        std::stable_sort(cell.runs.begin(), cell.runs.end(),
                         [](const RunRow* a, const RunRow* b) { return a->seed < b->seed; });
        summarise_cell(cell, summary);
    }
    return summary;
}

void sort_cells(AblationSummary& summary, const std::string& key) {
    std::vector<std::string> known{"cell", "name", "mean", "parameters", "macs", "seconds", "speed"};
    known.insert(known.end(), summary.tasks.begin(), summary.tasks.end());
    check_word("--sort", key, known);
    if (key == "name") {
        std::stable_sort(summary.cells.begin(), summary.cells.end(),
                         [](const CellSummary& a, const CellSummary& b) { return a.cell < b.cell; });
        return;
    }
    const auto rank = [&](const CellSummary& cell) -> double {
        constexpr double kLast = std::numeric_limits<double>::infinity();
        if (key == "cell") return cell.number;
        if (key == "parameters") return static_cast<double>(cell.runs.front()->parameters);
        if (key == "macs") return static_cast<double>(cell.runs.front()->macs);
        if (cell.done.empty()) return kLast;
        if (key == "seconds") return cell.seconds;
        if (key == "speed") return -cell.images_per_second;
        if (key == "mean") return cell.mean ? -cell.mean->mean : kLast;
        const auto task = cell.tasks.find(key);
        return task == cell.tasks.end() ? kLast : -task->second.mean;
    };
    std::stable_sort(summary.cells.begin(), summary.cells.end(),
                     [&](const CellSummary& a, const CellSummary& b) { return rank(a) < rank(b); });
}

const CellSummary& find_cell(const AblationSummary& summary, const std::string& text) {
    const std::string wanted = without_blanks(text);
    std::vector<const CellSummary*> found;
    std::vector<std::string> labels;
    for (const CellSummary& cell : summary.cells) {
        labels.push_back(cell_label(cell.cell));
        if (names(cell, wanted)) found.push_back(&cell);
    }
    if (found.size() == 1) return *found.front();
    if (found.empty()) {
        throw UsageError(ErrorText{"cell \"" + text + "\"", "there is no such cell",
                                   "a number of 1 to " + std::to_string(labels.size()) + " or PLAN / VARIANT", "",
                                   did_you_mean(text, labels)});
    }
    throw UsageError(ErrorText{"cell \"" + text + "\"", "several cells have this plan", "a number or PLAN / VARIANT",
                               "\"" + cell_label(found[0]->cell) + "\", \"" + cell_label(found[1]->cell) + "\"", ""});
}

std::string ablation_csv(const std::vector<RunRow>& rows) {
    std::string csv = csv_line({"cell",        "plan",         "boxes",   "variant",     "seed",    "state",
                                "task",        "metric",       "value",   "steps",       "seconds", "images_per_second",
                                "parameters",  "macs",         "started", "config_hash", "folder",  "weights",
                                "predictions", "ground_truth", "failure"});
    const std::vector<int> numbers = cell_numbers(rows);
    const RunResult none{"", "", 0};
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const RunRow& row = rows[i];
        const std::vector<RunResult> results = row.results.empty() ? std::vector{none} : row.results;
        for (const RunResult& result : results) {
            csv += csv_line({std::to_string(numbers[i]),
                             row.cell.plan,
                             row.cell.boxes,
                             row.cell.variant,
                             std::to_string(row.seed),
                             run_state_name(row.state),
                             result.task,
                             result.metric,
                             result.metric.empty() ? "" : csv_number(result.value),
                             std::to_string(row.steps),
                             csv_number(row.seconds),
                             csv_number(row.images_per_second),
                             std::to_string(row.parameters),
                             std::to_string(row.macs),
                             row.started,
                             row.config_hash,
                             row.folder,
                             row.weights,
                             row.predictions,
                             row.ground_truth,
                             row.failure});
        }
    }
    return csv;
}

} // namespace banyan
