#include "train/metrics_log.h"

#include <sstream>

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"

namespace banyan {

namespace {

using Json = nlohmann::json;

void add_step(const Json& line, double step, MetricsLog& log) {
    log.loss.push_back({step, line.at("loss").get<double>()});
    log.images_per_second.push_back({step, line.at("images_per_second").get<double>()});
    for (const auto& [branch, losses] : line.at("losses").items()) {
        log.class_loss[branch].push_back({step, losses.at("class").get<double>()});
        log.box_loss[branch].push_back({step, losses.at("box").get<double>()});
    }
}

void add_eval(const Json& line, double step, MetricsLog& log) {
    for (const auto& [task, result] : line.at("eval").at("tasks").items()) {
        log.ap50[task].push_back({step, result.at("ap50").get<double>()});
        log.ap[task].push_back({step, result.at("ap").get<double>()});
    }
}

} // namespace

MetricsLog read_metrics(const std::string& path) {
    MetricsLog log;
    std::istringstream in(read_file(path));
    int number = 0;
    for (std::string text; std::getline(in, text);) {
        ++number;
        try {
            const Json line = Json::parse(text);
            const auto step = line.at("step").get<double>();
            if (line.contains("eval")) {
                add_eval(line, step, log);
            } else {
                add_step(line, step, log);
            }
        } catch (const Json::exception&) {
            throw DataError(ErrorText{path + ":" + std::to_string(number), "not a line of metrics",
                                      "a JSON object as `banyan train` writes it", "", "remove the line"});
        }
    }
    return log;
}

} // namespace banyan
