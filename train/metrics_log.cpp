#include "train/metrics_log.h"

#include <limits>
#include <sstream>

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"

namespace banyan {

namespace {

using Json = nlohmann::json;

void add_step(const Json& line, double step, MetricsLog& log) {
    log.loss.push_back({step, line.at("loss").get<double>()});
    if (line.contains("hints")) log.hint_loss.push_back({step, line.at("hints").get<double>()});
    for (const auto& [branch, losses] : line.at("losses").items()) {
        log.class_loss[branch].push_back({step, losses.at("class").get<double>()});
        log.box_loss[branch].push_back({step, losses.at("box").get<double>()});
        if (losses.contains("teacher")) {
            log.teacher_loss[branch].push_back({step, losses.at("teacher").get<double>()});
        }
        log.weight[branch].push_back({step, losses.at("weight").get<double>()});
    }
}

/// null stands for what is not a number.
double number_of(const Json& value) {
    return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

void add_conflicts(const Json& line, double /*step*/, MetricsLog& log) {
    for (const Json& entry : line.at("conflicts")) {
        const MeanConflict conflict{entry.at("a"),
                                    entry.at("b"),
                                    number_of(entry.at("mean_cosine")),
                                    number_of(entry.at("mean_cosine_error")),
                                    number_of(entry.at("mean_log2_ratio")),
                                    number_of(entry.at("mean_log2_ratio_error"))};
        const auto is_same = [&](const MeanConflict& other) { return other.a == conflict.a && other.b == conflict.b; };
        std::erase_if(log.conflicts, is_same);
        log.conflicts.push_back(conflict);
    }
}

void add_eval(const Json& line, double step, MetricsLog& log) {
    for (const auto& [task, result] : line.at("eval").at("tasks").items()) {
        log.ap50[task].push_back({step, result.at("ap50").get<double>()});
        log.ap[task].push_back({step, result.at("ap").get<double>()});
    }
}

void add_metrics(const Json& line, double step, MetricsLog& log) {
    const auto add = line.contains("eval") ? add_eval : line.contains("conflicts") ? add_conflicts : add_step;
    add(line, step, log);
}

void add_timing(const Json& line, double step, MetricsLog& log) {
    if (line.contains("eval_seconds")) return;
    log.images_per_second.push_back({step, line.at("images_per_second").get<double>()});
}

void read_lines(const std::string& path, void (*add)(const Json&, double, MetricsLog&), MetricsLog& log) {
    std::istringstream in(read_file(path));
    int number = 0;
    for (std::string text; std::getline(in, text);) {
        ++number;
        try {
            const Json line = Json::parse(text);
            add(line, line.at("step").get<double>(), log);
        } catch (const Json::exception&) {
            throw DataError(ErrorText{path + ":" + std::to_string(number), "not a line of metrics",
                                      "a JSON object as `banyan train` writes it", "", "remove the line"});
        }
    }
}

} // namespace

MetricsLog read_metrics(const std::string& run_folder) {
    MetricsLog log;
    read_lines(run_folder + "/metrics.jsonl", add_metrics, log);
    read_lines(run_folder + "/timing.jsonl", add_timing, log);
    return log;
}

} // namespace banyan
