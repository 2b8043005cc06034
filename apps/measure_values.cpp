#include "apps/measure_values.h"

#include <cstdint>
#include <vector>

#include "apps/option_values.h"
#include "heads/head_config.h"

namespace banyan {

RunConfig joint_config_option(const Options& options) {
    std::vector<std::string> changes = texts_option(options, "set");
    if (options.count("steps") != 0) {
        const auto steps = number_option<std::int64_t>(options, "steps", 1, 10'000'000);
        changes.push_back("/train/steps=" + std::to_string(steps));
    }
    RunConfig config = load_run_config(text_option(options, "config"), changes);
    if (options.count("tasks") == 0) return config;
    return restrict_to_tasks(std::move(config), split_names(text_option(options, "tasks"), "--tasks"));
}

MeasureOptions measure_options(const Options& options) {
    MeasureOptions measure;
    measure.folder = text_option(options, "out");
    measure.model = text_option(options, "model");
    if (options.count("run") != 0) {
        if (!measure.model.empty()) throw UsageError("--run, --model: one of them names the weights, not both");
        measure.model = text_option(options, "run") + "/weights/last.banyan.safetensors";
    }
    if (!measure.model.empty() && options.count("steps") != 0) {
        throw UsageError("--steps: a given model is not trained; --probes tells how often it is probed");
    }
    measure.every = number_option<std::int64_t>(options, "every", 1, 10'000'000);
    measure.probes = number_option<std::int64_t>(options, "probes", 1, 1'000'000);
    measure.probe.rows = number_option<int>(options, "rows", 1, 4096);
    measure.pairs = choice_option<PairMerging>(
        options, "pairs", {{"auto", PairMerging::automatic}, {"on", PairMerging::on}, {"off", PairMerging::off}});
    measure.pair_pictures = static_cast<std::size_t>(number_option<std::int64_t>(options, "images", 1, 100'000));
    measure.boxes = choice_option(options, "boxes", box_outputs_choices());
    measure.resume = options.count("resume") != 0;
    return measure;
}

LatencyMeterOptions meter_options(const Options& options) {
    LatencyMeterOptions meter;
    meter.rounds = number_option<int>(options, "rounds", 40, 100'000);
    if (options.count("threads") != 0) meter.threads = number_option<int>(options, "threads", 1, 1024);
    if (options.count("fp32") != 0) meter.bf16 = Bf16::off;
    return meter;
}

std::string merge_target(const Options& options, int side) {
    return target_text(meter_options(options), side) + ", merged boxes " + text_option(options, "boxes");
}

} // namespace banyan
