#include "apps/detector_values.h"

#include <algorithm>

#include "apps/device_option.h"
#include "apps/device_runner.h"
#include "apps/option_values.h"

namespace banyan {

DetectorOptions detector_values(const Options& options) {
    DetectorOptions result;
    if (options.count("tasks") != 0) result.tasks = split_names(text_option(options, "tasks"), "--tasks");
    if (options.count("score-threshold") != 0) result.score_threshold = options["score-threshold"].as<double>();
    if (options.count("nms-iou") != 0) result.nms_iou = options["nms-iou"].as<double>();
    if (options.count("max-detections") != 0) result.max_detections = options["max-detections"].as<int>();
    if (options.count("side") != 0) result.side = side_option(options);
    if (options.count("threads") != 0) result.threads = options["threads"].as<int>();
    if (options.count("fp32") != 0) result.bf16 = Bf16::off;
    if (options.count("without") != 0) {
        result.disabled_passes = split_names(text_option(options, "without"), "--without");
    }
    result.runner = device_runner(device_option(options));
    return result;
}

Predictor predictor_of(Detector& detector) {
    return [&detector](const std::vector<Image>& pictures) { return detector.boxes_in_squares(pictures); };
}

StreamValues stream_values(const Options& options, std::size_t pictures) {
    const int cores = default_threads();
    const bool has_threads = options.count("threads") != 0;
    const int asked = options.count("streams") != 0 ? number_option<int>(options, "streams", 1, 1024)
                      : has_threads                 ? 1
                                                    : cores;
    const std::size_t count =
        std::clamp(static_cast<std::size_t>(asked), std::size_t{1}, std::max(pictures, std::size_t{1}));
    const int threads =
        has_threads ? number_option<int>(options, "threads", 0, 1024) : std::max(1, cores / static_cast<int>(count));
    return {count, threads};
}

} // namespace banyan
