#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <unistd.h>

#include "core/allocator.h"
#include "core/cpu_features.h"
#include "core/error.h"
#include "core/random.h"
#include "infer/detector.h"
#include "model/saved_model.h"
#include "train/train_config.h"

// What it saves to ask for one task instead of all: pictures through `Detector` with and without --tasks, in turn.
// Parameters are random: the work of the network does not depend on them (few boxes pass the threshold).
//
// usage: task_subset_benchmark [CONFIG] [TASK] [ROUNDS]

namespace {

using namespace banyan;

double milliseconds(Detector& detector, const Image& image) {
    const auto start = std::chrono::steady_clock::now();
    detector.detect(image);
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

/// The value below which `share` of the times lie.
double quantile(std::vector<double> times, double share) {
    std::sort(times.begin(), times.end());
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
}

Image random_picture() {
    Image image(640, 480);
    Random random(1);
    for (std::uint8_t& byte : image.rgb) byte = static_cast<std::uint8_t>(random.integer(0, 255));
    return image;
}

void compare(const std::string& model, const std::string& task, int rounds, Bf16 bf16) {
    DetectorOptions options;
    options.bf16 = bf16;
    Detector all(model, options);
    options.tasks = {task};
    Detector one(model, options);
    const Image image = random_picture();
    constexpr int kWarmUp = 5;
    std::vector<double> all_ms, one_ms;
    for (int round = -kWarmUp; round < rounds; ++round) {
        const double a = milliseconds(all, image), b = milliseconds(one, image);
        if (round < 0) continue;
        all_ms.push_back(a);
        one_ms.push_back(b);
    }
    std::printf("%s: all tasks %.2f ms (p90 %.2f), %s alone %.2f ms (p90 %.2f), ratio %.2f, %d rounds\n",
                all.uses_bf16() ? "bf16" : "fp32", quantile(all_ms, 0.5), quantile(all_ms, 0.9), task.c_str(),
                quantile(one_ms, 0.5), quantile(one_ms, 0.9), quantile(all_ms, 0.5) / quantile(one_ms, 0.5), rounds);
}

} // namespace

int main(int argc, char** argv) {
    const std::string config = argc > 1 ? argv[1] : "configs/people.json", task = argc > 2 ? argv[2] : "face";
    const int rounds = argc > 3 ? std::max(1, std::atoi(argv[3])) : 60;
    const std::string path = "/tmp/task_subset_benchmark-" + std::to_string(getpid()) + ".banyan.safetensors";
    try {
        keep_pages();
        save_model(path, MultiTaskModel(load_run_config(config).model));
        std::printf("%s, %s\n", cpu_name().c_str(), config.c_str());
        compare(path, task, rounds, Bf16::off);
        if (has_fast_bf16()) compare(path, task, rounds, Bf16::on);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "task_subset_benchmark: %s\n", error.what());
        std::remove(path.c_str());
        return static_cast<int>(exit_code_of(error));
    }
    std::remove(path.c_str());
    return 0;
}
