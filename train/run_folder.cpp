#include "train/run_folder.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>
#include <torch/version.h>

#include "core/atomic_file.h"
#include "core/cpu_features.h"
#include "core/error.h"
#include "core/log.h"
#include "eval/result_output.h"
#include "train/checkpoint.h"

namespace banyan {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

namespace {

std::string environment_json() {
    const Json json{{"torch", TORCH_VERSION},
                    {"cpu", cpu_name()},
                    {"cores", std::thread::hardware_concurrency()},
                    {"compiler", __VERSION__}};
    return json.dump(2) + "\n";
}

constexpr const char* kMetrics = "metrics.jsonl";
constexpr const char* kTiming = "timing.jsonl";
constexpr const char* kAffinity = "affinity.jsonl"; // only where there is a hook

void check_folder(const std::string& path, const std::string& config, bool resume) {
    if (!resume) {
        // A run that ended before it had saved anything may be started anew.
        if (!fs::exists(path + "/weights") && find_checkpoint(path).empty()) return;
        throw UsageError(ErrorText{"--out " + path, "the folder holds a run already", "", "",
                                   "continue it with --resume, or name another folder"});
    }
    if (!RunFolder::holds_run(path)) {
        throw UsageError(ErrorText{"--resume", "there is no run in " + path, "", "", "start without --resume"});
    }
    if (read_file(path + "/config.json") == config) return;
    throw ModelFileError(ErrorText{path, "its run was started with another config", "", "",
                                   "resume with the run folder's own config.json"});
}

/// Gives a file a second name in place of what had that name. A run's files are replaced, never changed, so each name
/// keeps its content.
void link_file(const std::string& from, const std::string& to) {
    const std::string temporary = to + ".tmp.link";
    std::error_code problem;
    fs::create_directories(fs::path(to).parent_path(), problem);
    fs::remove(temporary, problem);
    fs::create_hard_link(from, temporary, problem);
    if (problem) fs::copy_file(from, temporary, problem); // a file system without links
    if (!problem) fs::rename(temporary, to, problem);
    if (problem) throw IoError(ErrorText{to, "cannot be made from " + from + ": " + problem.message(), "", "", ""});
    fs::remove(temporary, problem); // renaming one name of a file to another of the same file does nothing
}

/// What atomic writes of a killed process left.
void remove_half_written(const std::string& folder) {
    std::vector<fs::path> files;
    for (const auto& item : fs::recursive_directory_iterator(folder)) {
        if (item.path().filename().string().find(".tmp.") != std::string::npos) files.push_back(item.path());
    }
    std::error_code ignored;
    for (const fs::path& file : files) fs::remove(file, ignored);
}

} // namespace

RunFolder::RunFolder(std::string path, const std::string& effective_config, bool resume) : path_(std::move(path)) {
    const std::string config = effective_config + "\n";
    check_folder(path_, config, resume);
    if (!resume) {
        std::error_code ignored;
        fs::remove(path_ + "/" + kAffinity, ignored);
        for (const char* log : {kMetrics, kTiming}) write_file_atomically(path_ + "/" + log, "");
        write_file_atomically(path_ + "/config.json", config); // last: from now on the folder holds a run
    }
    write_file_atomically(path_ + "/env.json", environment_json());
    set_log_file(path_ + "/run.log");
}

bool RunFolder::holds_run(const std::string& path) { return fs::exists(path + "/config.json"); }

std::string RunFolder::weights(const std::string& name) const {
    return path_ + "/weights/" + name + ".banyan.safetensors";
}

std::string RunFolder::checkpoint(std::int64_t step) const {
    return path_ + "/checkpoint-" + std::to_string(step) + "/state.safetensors";
}

std::string RunFolder::best_weights_of(std::int64_t step) const {
    return path_ + "/checkpoint-" + std::to_string(step) + "/best.banyan.safetensors";
}

void RunFolder::rewind_log(const std::string& name, std::int64_t step, std::int64_t evaluated) const {
    std::istringstream in(read_file(path_ + "/" + name));
    std::string kept;
    for (std::string line; std::getline(in, line);) {
        const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
        if (json.is_discarded() || !json.contains("step")) continue;
        const std::int64_t last = json.contains("eval") || json.contains("eval_seconds") ? evaluated : step;
        if (json["step"].get<std::int64_t>() <= last) kept += line + "\n";
    }
    write_file_atomically(path_ + "/" + name, kept);
}

void RunFolder::rewind(std::int64_t step, std::int64_t evaluated) {
    for (const char* log : {kMetrics, kTiming}) rewind_log(log, step, evaluated);
    if (fs::exists(path_ + "/" + kAffinity)) rewind_log(kAffinity, step, evaluated);
    std::error_code ignored;
    const std::string best = best_weights_of(step);
    if (fs::exists(best)) {
        link_file(best, weights("best"));
    } else {
        fs::remove(weights("best"), ignored);
    }
    keep_newest_checkpoint(step);
    remove_half_written(path_);
}

void RunFolder::keep_best_weights(std::int64_t step) const {
    if (fs::exists(weights("best"))) link_file(weights("best"), best_weights_of(step));
}

void RunFolder::append(const std::string& name, const std::string& line) const {
    const std::string path = path_ + "/" + name;
    std::ofstream out(path, std::ios::app);
    out << line << "\n" << std::flush;
    if (!out) throw IoError(ErrorText{path, "cannot be written", "", "", "is the disk full?"});
}

namespace {

/// {"coco128": {"rows": 61, "expected": 60.0}, …}
Json rows_json(const std::vector<SampledRows>& list) {
    Json json = Json::object();
    for (const SampledRows& entry : list) json[entry.name] = {{"rows", entry.rows}, {"expected", entry.expected}};
    return json;
}

} // namespace

void RunFolder::log_step(const StepRecord& record, const StepTiming& timing) {
    Json branches = Json::object();
    for (const auto& [name, branch] : record.branches) {
        branches[name] = {{"class", branch.class_loss},
                          {"box", branch.box_loss},
                          {"rows", branch.rows},
                          {"positives", branch.positives},
                          {"weight", branch.weight}};
        if (branch.teacher_loss) branches[name]["teacher"] = *branch.teacher_loss;
    }
    Json line{{"step", record.step},
              {"loss", record.loss},
              {"lr", record.lr},
              {"gradient_norm", record.gradient_norm},
              {"skipped", record.skipped},
              {"losses", branches},
              {"sampling",
               {{"datasets", rows_json(record.sampling.datasets)}, {"branches", rows_json(record.sampling.branches)}}}};
    if (record.hint_loss) line["hints"] = *record.hint_loss;
    append(kMetrics, line.dump());
    append(kTiming, Json{{"step", record.step},
                         {"images_per_second", timing.images_per_second},
                         {"data_wait_share", timing.data_wait_share}}
                        .dump());
}

void RunFolder::log_conflicts(std::int64_t step, const std::vector<GradientConflict>& conflicts) {
    Json list = Json::array();
    for (const GradientConflict& conflict : conflicts) {
        list.push_back({{"a", conflict.a},
                        {"b", conflict.b},
                        {"cosine", conflict.cosine},
                        {"norm_ratio", conflict.norm_ratio},
                        {"measured", conflict.cosines.count},
                        {"mean_cosine", conflict.cosines.mean},
                        {"mean_cosine_error", conflict.cosines.standard_error()},
                        {"mean_log2_ratio", conflict.log2_ratios.mean},
                        {"mean_log2_ratio_error", conflict.log2_ratios.standard_error()}});
    }
    append(kMetrics, Json{{"step", step}, {"conflicts", list}}.dump());
}

void RunFolder::log_eval(std::int64_t step, const EvalReport& report) {
    Json eval = Json::parse(eval_json(report));
    eval.erase("seconds");
    append(kMetrics, Json{{"step", step}, {"eval", eval}}.dump());
    append(kTiming, Json{{"step", step}, {"eval_seconds", report.seconds}}.dump());
}

void RunFolder::log_affinity(const std::string& line) const {
    if (!line.empty()) append(kAffinity, line);
}

void RunFolder::keep_newest_checkpoint(std::int64_t step) const {
    const std::string newest = "checkpoint-" + std::to_string(step);
    std::error_code ignored;
    for (const auto& item : fs::directory_iterator(path_, ignored)) {
        const std::string name = item.path().filename().string();
        if (name.rfind("checkpoint-", 0) == 0 && name != newest) fs::remove_all(item.path(), ignored);
    }
}

} // namespace banyan
