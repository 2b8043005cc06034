#include <cstdlib>
#include <fstream>
#include <iostream>
#include <thread>

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <nlohmann/json.hpp>
#include <opencv2/core/utility.hpp>
#include <torch/version.h>

#include "apps/command_line.h"
#include "apps/run_commands.h"
#include "core/cpu_features.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

/// The part of LibTorch's build summary that names oneDNN: "v3.12.0"; "none" without it.
std::string onednn_version() {
    const std::string text = at::get_mkldnn_version();
    const std::size_t begin = text.find(" v");
    if (begin == std::string::npos) return "none";
    return text.substr(begin + 1, text.find_first_of(" \n", begin + 1) - begin - 1);
}

/// Paths of the OpenMP libraries in this process. More than one is a fault: their threads fight for the cores.
std::vector<std::string> openmp_libraries() {
    std::vector<std::string> paths;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        const std::size_t slash = line.find('/');
        if (slash == std::string::npos) continue;
        const std::string path = line.substr(slash), name = path.substr(path.rfind('/') + 1);
        const bool openmp =
            name.rfind("libgomp", 0) == 0 || name.rfind("libomp", 0) == 0 || name.rfind("libiomp", 0) == 0;
        if (openmp && (paths.empty() || paths.back() != path)) paths.push_back(path);
    }
    return paths;
}

Json variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? Json(value) : Json(nullptr);
}

Json environment() {
    Json features = Json::object();
    for (const CpuFeature& feature : cpu_features()) features[feature.name] = feature.present;
    return {{"banyan", version_number()},
            {"torch", TORCH_VERSION},
            {"onednn", onednn_version()},
            {"opencv", cv::getVersionString()},
            {"compiler", __VERSION__},
            {"cpu", cpu_name()},
            {"cpu_features", features},
            {"cores", std::thread::hardware_concurrency()},
            {"threads", at::get_num_threads()},
            {"openmp", openmp_libraries()},
            {"bf16", has_fast_bf16()},
            {"variables",
             {{"BANYAN_DATA", variable("BANYAN_DATA")},
              {"BANYAN_WEIGHTS", variable("BANYAN_WEIGHTS")},
              {"OMP_NUM_THREADS", variable("OMP_NUM_THREADS")},
              {"OMP_WAIT_POLICY", variable("OMP_WAIT_POLICY")},
              {"GOMP_SPINCOUNT", variable("GOMP_SPINCOUNT")}}}};
}

void print_line(const std::string& key, const std::string& value) {
    std::cout << key << std::string(key.size() < 18 ? 18 - key.size() : 1, ' ') << value << "\n";
}

std::string text_of(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_null()) return "not set";
    if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
    if (!value.is_array()) return value.dump();
    std::string text;
    for (const Json& item : value) text += (text.empty() ? "" : ", ") + item.get<std::string>();
    return text.empty() ? "none" : text;
}

void print_table(const Json& facts) {
    for (const auto& [key, value] : facts.items()) {
        if (!value.is_object()) {
            print_line(key, text_of(value));
            continue;
        }
        for (const auto& [name, entry] : value.items()) print_line("  " + name, text_of(entry));
    }
}

} // namespace

ExitCode run_env(const Options& options) {
    const Json facts = environment();
    if (options.count("json") != 0) {
        std::cout << facts.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
    } else {
        print_table(facts);
    }
    return ExitCode::ok;
}

} // namespace banyan
