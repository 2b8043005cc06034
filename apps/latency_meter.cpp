#include "apps/latency_meter.h"

#include <chrono>
#include <utility>

#include <ATen/Parallel.h>

#include "apps/random_picture.h"
#include "core/cpu_features.h"
#include "core/progress.h"
#include "core/stop_signal.h"
#include "model/multi_task_model.h"
#include "network/model_file.h"

namespace banyan {

namespace {

/// The detector of a network with start weights.
Detector detector_of(const ModelOptions& network, const LatencyMeterOptions& options) {
    const MultiTaskModel model(network);
    DetectorOptions detector_options;
    detector_options.threads = options.threads;
    detector_options.bf16 = options.bf16;
    return Detector(ModelFile{network, model.module().graph(), model.module().to_host(), {}}, detector_options);
}

double milliseconds(Detector& detector, const Image& image) {
    const auto start = std::chrono::steady_clock::now();
    detector.detect(image);
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

std::vector<LatencySamples> measure(const std::vector<ModelOptions>& networks, const LatencyMeterOptions& options) {
    std::vector<Detector> detectors;
    detectors.reserve(networks.size());
    for (const ModelOptions& network : networks) {
        if (stop_requested()) return {};
        detectors.push_back(detector_of(network, options));
    }
    const Image image = random_picture();
    std::vector<LatencySamples> samples(networks.size());
    Progress progress("latency", options.warm_up + options.rounds, "round");
    for (int round = -options.warm_up; round < options.rounds; ++round) {
        for (std::size_t i = 0; i < detectors.size(); ++i) {
            if (stop_requested()) return {};
            const std::size_t n = (i + static_cast<std::size_t>(options.warm_up + round)) % detectors.size();
            const double ms = milliseconds(detectors[n], image);
            if (round >= 0) samples[n].ms.push_back(ms);
        }
        progress.update(options.warm_up + round + 1, std::to_string(detectors.size()) + " networks");
    }
    return samples;
}

} // namespace

LatencyMeter detector_meter(LatencyMeterOptions options) {
    return [options = std::move(options)](const std::vector<ModelOptions>& networks) {
        return measure(networks, options);
    };
}

std::string target_text(const LatencyMeterOptions& options, int side) {
    const int threads = options.threads > 0 ? options.threads : at::get_num_threads();
    const bool bf16 = options.bf16 == Bf16::on || (options.bf16 == Bf16::automatic && has_fast_bf16());
    return std::to_string(threads) + (threads == 1 ? " thread, " : " threads, ") + (bf16 ? "bf16, " : "fp32, ") +
           std::to_string(side) + " px, " + cpu_name();
}

} // namespace banyan
