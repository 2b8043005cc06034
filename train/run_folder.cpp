#include "train/run_folder.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include <nlohmann/json.hpp>
#include <torch/version.h>

#include "core/atomic_file.h"
#include "core/cpu_features.h"
#include "core/error.h"
#include "core/log.h"
#include "train/checkpoint.h"

namespace banyan {

using Json = nlohmann::ordered_json;

namespace {

std::string environment_json() {
    const Json json{{"torch", TORCH_VERSION},
                    {"cpu", cpu_name()},
                    {"cores", std::thread::hardware_concurrency()},
                    {"compiler", __VERSION__}};
    return json.dump(2) + "\n";
}

} // namespace

RunFolder::RunFolder(std::string path, const std::string& effective_config, bool resume) : path_(std::move(path)) {
    // A run that ended before it had saved anything may be started anew.
    if (!resume && (std::filesystem::exists(path_ + "/weights") || !find_checkpoint(path_).empty())) {
        throw UsageError(ErrorText{"--out " + path_, "the folder holds a run already", "", "",
                                   "continue it with --resume, or name another folder"});
    }
    const std::string config = path_ + "/config.json";
    // A run keeps the config that it began with: if another one is given, its checkpoint will refuse to go on.
    if (!resume || !std::filesystem::exists(config)) write_file_atomically(config, effective_config + "\n");
    write_file_atomically(path_ + "/env.json", environment_json());
    if (!resume) write_file_atomically(path_ + "/metrics.jsonl", "");
    set_log_file(path_ + "/run.log");
}

std::string RunFolder::weights(const std::string& name) const {
    return path_ + "/weights/" + name + ".banyan.safetensors";
}

std::string RunFolder::checkpoint(std::int64_t step) const {
    return path_ + "/checkpoint-" + std::to_string(step) + "/state.safetensors";
}

void RunFolder::rewind_metrics(std::int64_t step) {
    std::ifstream in(path_ + "/metrics.jsonl");
    std::string kept;
    for (std::string line; std::getline(in, line);) {
        const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
        if (json.is_discarded() || !json.contains("step") || json["step"].get<std::int64_t>() > step) continue;
        kept += line + "\n";
    }
    write_file_atomically(path_ + "/metrics.jsonl", kept);
}

void RunFolder::append(const std::string& line) {
    std::ofstream out(path_ + "/metrics.jsonl", std::ios::app);
    out << line << "\n" << std::flush;
    if (!out) throw IoError(ErrorText{path_ + "/metrics.jsonl", "cannot be written", "", "", "is the disk full?"});
}

void RunFolder::log_step(const StepRecord& record) {
    Json branches = Json::object();
    for (const auto& [name, branch] : record.branches) {
        branches[name] = {{"class", branch.class_loss},
                          {"box", branch.box_loss},
                          {"rows", branch.rows},
                          {"positives", branch.positives}};
    }
    append(Json{{"step", record.step},
                {"loss", record.loss},
                {"lr", record.lr},
                {"gradient_norm", record.gradient_norm},
                {"images_per_second", record.images_per_second},
                {"data_wait_share", record.data_wait_share},
                {"losses", branches}}
               .dump());
}

void RunFolder::log_eval(std::int64_t step, const EvalReport& report) {
    append(Json{{"step", step}, {"eval", Json::parse(eval_json(report))}}.dump());
}

void RunFolder::keep_newest_checkpoint(std::int64_t step) const {
    const std::string newest = "checkpoint-" + std::to_string(step);
    std::error_code ignored;
    for (const auto& item : std::filesystem::directory_iterator(path_, ignored)) {
        const std::string name = item.path().filename().string();
        if (name.rfind("checkpoint-", 0) == 0 && name != newest) std::filesystem::remove_all(item.path(), ignored);
    }
}

namespace {

Json stats_json(const CocoStats& stats, std::size_t images) {
    return {{"ap", stats[CocoStat::ap]},
            {"ap50", stats[CocoStat::ap50]},
            {"ap75", stats[CocoStat::ap75]},
            {"ar100", stats[CocoStat::ar100]},
            {"images", images}};
}

} // namespace

std::string eval_json(const EvalReport& report) {
    Json tasks = Json::object();
    for (const TaskResult& task : report.tasks) {
        Json entry = stats_json(task.stats, task.images);
        entry["classes"] = Json::object();
        for (const CocoClassResult& result : task.classes) {
            Json values = Json::object();
            for (std::size_t s = 0; s < kCocoStats; ++s) values[kCocoStatNames[s]] = result.stats.values[s];
            values["images"] = result.counts.images;
            values["boxes"] = result.counts.ground_truth;
            values["unjudged_detections"] = result.counts.unjudged_detections;
            entry["classes"][result.name] = std::move(values);
        }
        tasks[task.task] = std::move(entry);
    }
    return Json{{"tasks", tasks},
                {"mean",
                 {{"ap", report.mean(CocoStat::ap)},
                  {"ap50", report.mean(CocoStat::ap50)},
                  {"ap75", report.mean(CocoStat::ap75)},
                  {"ar100", report.mean(CocoStat::ar100)}}},
                {"images", report.images},
                {"seconds", report.seconds}}
        .dump();
}

std::string eval_table(const EvalReport& report) {
    const auto line = [](const std::string& name, double ap, double ap50, double ap75, double ar,
                         const std::string& n) {
        char text[160];
        std::snprintf(text, sizeof text, "%-16s %7.3f %7.3f %7.3f %7.3f %7s\n", name.c_str(), ap, ap50, ap75, ar,
                      n.c_str());
        return std::string(text);
    };
    std::string table = "task                  AP    AP50    AP75   AR100  images\n";
    for (const TaskResult& task : report.tasks) {
        const CocoStats& stats = task.stats;
        table += line(task.task, stats[CocoStat::ap], stats[CocoStat::ap50], stats[CocoStat::ap75],
                      stats[CocoStat::ar100], std::to_string(task.images));
    }
    return table + line("mean", report.mean(CocoStat::ap), report.mean(CocoStat::ap50), report.mean(CocoStat::ap75),
                        report.mean(CocoStat::ar100), std::to_string(report.images));
}

} // namespace banyan
