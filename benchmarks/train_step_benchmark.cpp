// Time of a training step by memory order, precision and allocator: what the defaults of TrainOptions rest on.
//
//   train_step_benchmark [CONFIG] [ROUNDS] [POINTER=VALUE...]
//
// Starts itself once a variant and round (the allocator setting is process-wide), variants in turn, and prints the
// median images/s and the ratio to plain FP32 NCHW. The network is CONFIG's (default configs/people.json), the batch 16
// random pictures in which every fourth row labels the same task; forward, masked losses, backward and optimiser step
// are timed. Another network: train_step_benchmark configs/people.json 5 '/model/backbone={"type": "resnet18"}'

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/allocator.h"
#include "core/error.h"
#include "core/random.h"
#include "model/libtorch.h"
#include "train/optimizer.h"
#include "train/train_config.h"
#include "train/train_step.h"

namespace {

using namespace banyan;

struct Variant {
    const char* name;
    bool channels_last, bf16, keep_pages;
};

constexpr Variant kVariants[] = {{"fp32-nchw", false, false, false},
                                 {"fp32-channels-last", true, false, false},
                                 {"bf16-channels-last", true, true, false},
                                 {"bf16-channels-last-keep-pages", true, true, true}};
constexpr int kBatch = 16;

std::vector<Labels> random_labels(const ClassTable& table, int side) {
    std::vector<Labels> labels(kBatch);
    Random random(1);
    for (int row = 0; row < kBatch; ++row) {
        const int class_id = row % table.size();
        Labels& entry = labels[static_cast<std::size_t>(row)];
        entry.states.assign(static_cast<std::size_t>(table.size()), LabelState::unknown);
        entry.states[static_cast<std::size_t>(class_id)] = LabelState::exhaustive;
        for (int i = 0; i < 4; ++i) {
            const auto x = static_cast<float>(random.uniform(0, side - 80)),
                       y = static_cast<float>(random.uniform(0, side - 80));
            entry.boxes.push_back({{x, y, x + 60, y + 70}, class_id});
        }
    }
    return labels;
}

/// Median images per second of one variant, measured in this process.
double measure(const Variant& variant, const RunConfig& config) {
    if (variant.keep_pages) keep_pages();
    TrainOptions options = config.train;
    options.precision = variant.bf16 ? Precision::bf16 : Precision::fp32;
    GraphModuleOptions module_options;
    module_options.channels_last = variant.channels_last;
    MultiTaskModel model(config.model, module_options);
    Optimizer optimizer(model.module(), options);
    TrainStep step(model, options);
    const int side = config.model.input_side;
    const at::Tensor pixels = at::randint(0, 256, {kBatch, side, side, 3}, at::kByte);
    const std::vector<Labels> labels = random_labels(model.classes(), side);
    std::vector<double> rates;
    for (int i = 0; i < 7; ++i) {
        const auto start = std::chrono::steady_clock::now();
        const StepLosses losses = step.forward(model.normalise(pixels), labels);
        optimizer.zero_grad();
        losses.total.backward();
        optimizer.step(1e-3);
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        if (i >= 2) rates.push_back(kBatch / seconds);
    }
    std::nth_element(rates.begin(), rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2), rates.end());
    return rates[rates.size() / 2];
}

std::string shell_word(const std::string& word) {
    std::string quoted = "'";
    for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

double measure_in_child(const std::string& self, const Variant& variant, const std::string& config,
                        const std::vector<std::string>& overrides) {
    std::string command = shell_word(self) + " --variant " + variant.name + " " + shell_word(config);
    for (const std::string& entry : overrides) command += " " + shell_word(entry);
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    double rate = 0;
    if (!pipe || std::fscanf(pipe.get(), "%lf", &rate) != 1) throw IoError("cannot run " + command);
    return rate;
}

} // namespace

int main(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    const bool child = words.size() > 2 && words[0] == "--variant";
    const std::string variant_name = child ? words[1] : "";
    if (child) words.erase(words.begin(), words.begin() + 2);
    const std::string config = words.empty() ? "configs/people.json" : words[0];
    if (!words.empty()) words.erase(words.begin());
    if (child) {
        for (const Variant& variant : kVariants) {
            if (variant_name == variant.name) std::printf("%f\n", measure(variant, load_run_config(config, words)));
        }
        return 0;
    }
    const int rounds = words.empty() ? 5 : std::atoi(words[0].c_str());
    if (!words.empty()) words.erase(words.begin());
    std::map<std::string, std::vector<double>> rates;
    for (int round = 0; round < rounds; ++round) {
        for (const Variant& variant : kVariants) {
            rates[variant.name].push_back(measure_in_child(argv[0], variant, config, words));
        }
    }
    double plain = 0;
    std::printf("%-32s %9s %7s\n", "variant", "images/s", "ratio");
    for (const Variant& variant : kVariants) {
        std::vector<double>& all = rates[variant.name];
        std::sort(all.begin(), all.end());
        const double median = all[all.size() / 2];
        if (plain == 0) plain = median;
        std::printf("%-32s %9.1f %7.2f\n", variant.name, median, median / plain);
    }
    return 0;
}
