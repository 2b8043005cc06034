#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <utility>

#include <nlohmann/json.hpp>

#include "apps/option_values.h"
#include "apps/run_commands.h"
#include "apps/run_config_option.h"
#include "core/log.h"
#include "data/data_problems.h"
#include "data/label_sheet.h"
#include "image/image_codec.h"
#include "train/isolation_check.h"
#include "train/train_config.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxPictures = 1000, kPanelSide = 320;

/// The data sets of a run.
struct RunData {
    std::vector<Dataset> training, validation;
};

RunData load_data(const RunConfig& config, const ClassTable& table) {
    std::vector<DatasetOptions> all = config.datasets; // together, so that all faults are told at once
    for (DatasetOptions options : config.validation) {
        options.name += " (validation)";
        all.push_back(std::move(options));
    }
    std::vector<Dataset> loaded = load_datasets(all, table);
    const auto middle = loaded.begin() + static_cast<std::ptrdiff_t>(config.datasets.size());
    return {{loaded.begin(), middle}, {middle, loaded.end()}};
}

Json states_json(const StateCounts& counts) {
    Json states = Json::object();
    for (std::size_t i = 0; i < kLabelStates.size(); ++i) states[label_state_name(kLabelStates[i])] = counts[i];
    return states;
}

Json dataset_json(const Dataset& dataset, const ClassTable& table) {
    const std::vector<std::int64_t> boxes = dataset.box_counts();
    const std::vector<StateCounts> states = dataset.state_counts();
    Json classes = Json::object();
    for (int id = 0; id < table.size(); ++id) {
        const auto k = static_cast<std::size_t>(id);
        classes[table.class_name(id)] = {{"boxes", boxes[k]}, {"states", states_json(states[k])}};
    }
    return {{"name", dataset.name()}, {"pictures", dataset.size()},     {"ratio", dataset.ratio()},
            {"classes", classes},     {"warnings", dataset.warnings()}, {"notes", dataset.notes()}};
}

Json datasets_json(const std::vector<Dataset>& datasets, const ClassTable& table) {
    Json list = Json::array();
    for (const Dataset& dataset : datasets) list.push_back(dataset_json(dataset, table));
    return list;
}

/// Width of the first column of a table.
int name_width(const std::string& heading, const std::vector<std::string>& names) {
    std::size_t width = heading.size();
    for (const std::string& name : names) width = std::max(width, name.size());
    return static_cast<int>(width);
}

void print_dataset(const Dataset& dataset, const ClassTable& table) {
    constexpr int kNumber = 11;
    const std::vector<std::int64_t> boxes = dataset.box_counts();
    const std::vector<StateCounts> states = dataset.state_counts();
    const int width = name_width("class", table.class_names());
    std::cout << dataset.name() << ": " << dataset.size() << " pictures\n  " << std::left << std::setw(width) << "class"
              << std::right << std::setw(kNumber) << "boxes";
    for (const LabelState state : kLabelStates) std::cout << std::setw(kNumber) << label_state_name(state);
    std::cout << "\n";
    for (int id = 0; id < table.size(); ++id) {
        const auto k = static_cast<std::size_t>(id);
        std::cout << "  " << std::left << std::setw(width) << table.class_name(id) << std::right << std::setw(kNumber)
                  << (boxes[k] == 0 ? "-" : std::to_string(boxes[k]));
        for (const std::int64_t count : states[k]) {
            std::cout << std::setw(kNumber) << (count == 0 ? "-" : std::to_string(count));
        }
        std::cout << "\n";
    }
    for (const std::string& note : dataset.notes()) std::cout << "  note: " << note << "\n";
    for (const std::string& warning : dataset.warnings()) std::cout << "  warning: " << warning << "\n";
}

void print_data(const RunData& data, const ClassTable& table) {
    for (const std::vector<Dataset>* datasets : {&data.training, &data.validation}) {
        for (const Dataset& dataset : *datasets) print_dataset(dataset, table);
    }
}

/// Messages name files, whose names may hold any byte.
std::string json_line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

/// Faults of the data, one a line. @return exit code of the command
ExitCode report_problems(const DataProblemsError& error, bool as_json) {
    if (as_json) {
        std::cout << json_line({{"problems", error.count()}, {"first", error.lines()}});
        return ExitCode::data;
    }
    std::cout << error.count() << " problems in the data";
    if (error.count() > error.lines().size()) std::cout << ", the first " << error.lines().size();
    std::cout << ":\n";
    for (const std::string& line : error.lines()) std::cout << "  " << line << "\n";
    return ExitCode::data;
}

/// Rows as training would get them: into one sheet, or one file a row. @return the files written
std::vector<std::string> write_preview(const Options& options, const RunConfig& config, const RunData& data,
                                       const ClassTable& table) {
    const std::string path = text_option(options, "preview");
    const int count = options["count"].as<int>();
    LoaderOptions loader_options = config.loader;
    if (options.count("seed") != 0) loader_options.seed = options["seed"].as<std::uint64_t>();
    BatchLoader loader(data.training, loader_options, config.transforms);
    const std::vector<LabelPicture> pictures = take_label_pictures(loader, data.training, count);
    if (path.ends_with(".png")) {
        write_png(path, draw_label_sheet(pictures, table, kPanelSide));
        return {path};
    }
    std::vector<std::string> files;
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        char name[32];
        std::snprintf(name, sizeof name, "%03zu.png", i);
        files.push_back((std::filesystem::path(path) / name).string());
        write_png(files.back(), draw_label_sheet({pictures[i]}, table, kPanelSide));
    }
    return files;
}

std::string subject_of(const IsolationFinding& finding) {
    std::string text = finding.branch;
    for (std::size_t i = 0; i < finding.classes.size(); ++i) text += (i == 0 ? ": " : ", ") + finding.classes[i];
    return text;
}

std::string verdict_of(const IsolationFinding& finding) {
    if (finding.always_present()) return "always present: no picture leaves it idle";
    return finding.moved() ? "MOVED: " + finding.first_difference : "kept every bit";
}

Json isolation_json(const std::vector<IsolationFinding>& findings) {
    Json list = Json::array();
    for (const IsolationFinding& finding : findings) {
        list.push_back({{"branch", finding.branch},
                        {"classes", finding.classes},
                        {"idle_steps", finding.idle_steps},
                        {"tensors", finding.tensors},
                        {"first_difference", finding.first_difference}});
    }
    return list;
}

void print_isolation(const std::vector<IsolationFinding>& findings) {
    std::vector<std::string> subjects;
    for (const IsolationFinding& finding : findings) subjects.push_back(subject_of(finding));
    const int width = name_width("branch", subjects);
    std::cout << "isolation\n  " << std::left << std::setw(width) << "branch" << std::right << std::setw(12)
              << "idle steps" << std::setw(9) << "tensors"
              << "  result\n";
    for (const IsolationFinding& finding : findings) {
        std::cout << "  " << std::left << std::setw(width) << subject_of(finding) << std::right << std::setw(12)
                  << finding.idle_steps << std::setw(9) << finding.tensors << "  " << verdict_of(finding) << "\n";
    }
}

void check_gate(const std::vector<IsolationFinding>& findings) {
    for (const IsolationFinding& finding : findings) {
        if (!finding.moved()) continue;
        throw GateError({"--isolation", "an idle part moved: " + subject_of(finding), "every bit kept",
                         finding.first_difference, "this is a fault of the program: report it with the config"});
    }
}

void check_count(int count) {
    if (count >= 1 && count <= kMaxPictures) return;
    throw UsageError({"--count", "wrong value", "an integer in [1, " + std::to_string(kMaxPictures) + "]",
                      std::to_string(count), ""});
}

} // namespace

ExitCode run_check(const Options& options) {
    const bool as_json = options.count("json") != 0;
    check_count(options["count"].as<int>());
    const RunConfig config = run_config_option(options);
    const ClassTable table(config.model.tasks);
    Json result{{"file", text_option(options, "config")}};
    try {
        const RunData data = load_data(config, table);
        if (!as_json) print_data(data, table);
        check_label_coverage(data.training, table);
        result["datasets"] = datasets_json(data.training, table);
        result["validation"] = datasets_json(data.validation, table);
        if (options.count("preview") != 0) result["preview"] = write_preview(options, config, data, table);
    } catch (const DataProblemsError& error) {
        return report_problems(error, as_json);
    }
    std::vector<IsolationFinding> findings;
    if (options.count("isolation") != 0) {
        std::cout << std::flush; // the steps take a while
        findings = check_isolation(config);
        result["isolation"] = isolation_json(findings);
        if (!as_json) print_isolation(findings);
    }
    if (as_json) std::cout << json_line(result);
    check_gate(findings);
    if (!as_json) std::cout << "no faults found\n";
    return ExitCode::ok;
}

} // namespace banyan
