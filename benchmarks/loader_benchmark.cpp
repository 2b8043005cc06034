// Whether the loader can feed the training: pictures per second of the loader alone, of the training step alone on
// batches that lie ready, and of both together as `banyan train` runs them.
//
//   loader_benchmark [CONFIG] [SECONDS] [POINTER=VALUE...]
//
// Each part runs SECONDS (default 20) after a warm-up; the loader first without decoded pictures in its cache, then
// with. The step is forward pass, masked losses, backward pass, clipping, optimiser and average. Needs the data sets of
// CONFIG (default configs/people.json). Example: loader_benchmark configs/people.json 20 /loader/threads=2

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/allocator.h"
#include "core/cpu_features.h"
#include "core/error.h"
#include "data/loader.h"
#include "model/libtorch.h"
#include "train/ema.h"
#include "train/optimizer.h"
#include "train/step_update.h"
#include "train/train_config.h"
#include "train/train_step.h"

namespace {

using namespace banyan;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Calls `work`, which returns how many pictures it took, until `seconds` are over. @return pictures a second
template <typename Work>
double rate_of(double seconds, Work work) {
    const Clock::time_point start = Clock::now();
    std::int64_t pictures = 0;
    do {
        pictures += work();
    } while (seconds_since(start) < seconds);
    return static_cast<double>(pictures) / seconds_since(start);
}

/// A network in training.
class Learner {
public:
    explicit Learner(const RunConfig& config)
        : model_(config.model), optimizer_(model_.module(), config.train),
          ema_(model_.module(), config.train.ema_decay), forward_(model_, config.train),
          update_(model_, forward_, optimizer_, ema_, config.train) {}

    std::int64_t learn(const Batch& batch) {
        update_.run(batch, step_++);
        return batch.count;
    }

private:
    MultiTaskModel model_;
    Optimizer optimizer_;
    Ema ema_;
    TrainStep forward_;
    StepUpdate update_;
    std::int64_t step_ = 0;
};

std::int64_t pictures_of(const std::vector<Dataset>& datasets) {
    std::int64_t count = 0;
    for (const Dataset& dataset : datasets) count += static_cast<std::int64_t>(dataset.size());
    return count;
}

void measure(const RunConfig& config, double seconds) {
    if (config.train.threads > 0) at::set_num_threads(config.train.threads);
    Learner learner(config);
    const std::vector<Dataset> datasets = load_datasets(config.datasets, ClassTable(config.model.tasks));
    BatchLoader loader(datasets, config.loader, config.transforms);
    const auto load = [&] { return std::int64_t{loader.next().count}; };
    std::printf("%s, %d threads, %lld pictures, loader threads %d\n", cpu_name().c_str(), at::get_num_threads(),
                static_cast<long long>(pictures_of(datasets)), config.loader.threads);
    const double cold = rate_of(seconds, load);
    std::printf("%-36s %8.1f images/s\n", "loader alone, first pictures", cold);
    while (loader.next_index() * config.loader.batch_size < 2 * pictures_of(datasets)) load(); // most are decoded
    const double warm = rate_of(seconds, load);
    std::printf("%-36s %8.1f images/s\n", "loader alone, decoded pictures", warm);

    constexpr int kReady = 8, kWarmUp = 4;
    std::vector<Batch> ready;
    for (int i = 0; i < kReady; ++i) ready.push_back(loader.next());
    std::size_t turn = 0;
    const auto step = [&] { return learner.learn(ready[turn++ % kReady]); };
    for (int i = 0; i < kWarmUp; ++i) step();
    const double alone = rate_of(seconds, step);
    std::printf("%-36s %8.1f images/s\n", "step alone", alone);
    double waited = 0;
    const double together = rate_of(seconds, [&] {
        const Clock::time_point start = Clock::now();
        const Batch batch = loader.next();
        waited += seconds_since(start);
        return learner.learn(batch);
    });
    std::printf("%-36s %8.1f images/s, %.1f %% of the time waiting for data\n", "together", together,
                100 * waited / seconds);
    std::printf("loader / step %.2f, together / step %.2f\n", warm / alone, together / alone);
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const std::string path = words.empty() ? "configs/people.json" : words[0];
    const double seconds = words.size() > 1 ? std::max(0.1, std::atof(words[1].c_str())) : 20;
    const std::vector<std::string> overrides(words.begin() + std::min<std::ptrdiff_t>(2, std::ssize(words)),
                                             words.end());
    try {
        const RunConfig config = load_run_config(path, overrides);
        if (config.train.keep_pages) keep_pages();
        measure(config, seconds);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "loader_benchmark: %s\n", error.what());
        return static_cast<int>(exit_code_of(error));
    }
    return 0;
}
