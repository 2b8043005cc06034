#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <limits>
#include <map>
#include <mutex>
#include <optional>

#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "apps/detector_values.h"
#include "apps/option_values.h"
#include "apps/random_picture.h"
#include "apps/run_commands.h"
#include "apps/text_table.h"
#include "core/cpu_features.h"
#include "core/indexed_work.h"
#include "core/progress.h"
#include "core/stop_signal.h"
#include "image/image_codec.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

/// Milliseconds of many passes.
struct Samples {
    std::vector<double> ms;
    /// @param share of the passes that take no longer
    double quantile(double share) const {
        std::vector<double> sorted = ms;
        std::sort(sorted.begin(), sorted.end());
        const auto last = static_cast<double>(sorted.size() - 1);
        return sorted[static_cast<std::size_t>(share * last + 0.5)];
    }
};

/// What several streams did at the same time.
struct Throughput {
    std::size_t streams = 0;
    double seconds = 0; ///< for all pictures
    Samples each;       ///< of a picture, while the other streams ran
    double pictures_per_second() const { return static_cast<double>(each.ms.size()) / seconds; }
};

/// What was measured, in the order in which it is shown.
struct Measurement {
    std::vector<std::pair<std::string, Samples>> stages; ///< "total" first
    std::vector<std::pair<std::string, Samples>> parts;  ///< of the network: "trunk.backbone", "branches.face"
    std::optional<Throughput> throughput;                ///< with --streams
};

Samples& entry(std::vector<std::pair<std::string, Samples>>& list, const std::string& name) {
    const auto found = std::find_if(list.begin(), list.end(), [&](const auto& item) { return item.first == name; });
    return found != list.end() ? found->second : list.emplace_back(name, Samples{}).second;
}

/// "branches.face.tower.0.conv.p3" -> "branches.face"
std::string part_of(const EngineStep& step) {
    if (step.operation == "normalise") return "input";
    return step.name.substr(0, step.name.find('.', step.name.find('.') + 1));
}

void add_stages(const StageTimes& times, Measurement& measured) {
    entry(measured.stages, "total").ms.push_back(times.total() * 1e3);
    entry(measured.stages, "letterbox").ms.push_back(times.letterbox * 1e3);
    entry(measured.stages, "network").ms.push_back(times.network * 1e3);
    entry(measured.stages, "boxes").ms.push_back(times.boxes * 1e3);
}

void add_parts(const Engine& engine, const StageTimes& times, Measurement& measured) {
    std::map<std::string, double> sums;
    std::vector<std::string> order;
    for (std::size_t i = 0; i < times.steps.size(); ++i) {
        const std::string part = part_of(engine.steps()[i]);
        if (!sums.contains(part)) order.push_back(part);
        sums[part] += times.steps[i];
    }
    for (const std::string& part : order) entry(measured.parts, part).ms.push_back(sums[part] * 1e3);
}

/// Passes with and without the clock in each step take turns. @return false if a signal stopped it
bool measure_stages(Detector& detector, const Image& picture, int warm_up, int rounds, Measurement& measured) {
    Progress progress("measuring", warm_up + rounds, "round");
    for (int round = -warm_up; round < rounds; ++round) {
        if (stop_requested()) return false;
        StageTimes plain, stepwise;
        stepwise.each_step = true;
        detector.detect(picture, plain);
        detector.detect(picture, stepwise);
        if (round >= 0) {
            add_stages(plain, measured);
            add_parts(detector.engine(), stepwise, measured);
        }
        progress.update(warm_up + round + 1);
    }
    return true;
}

/// Adds further detectors that share the weights of the first until there are so many. Each has run before.
void add_streams(std::vector<Detector>& streams, std::size_t count, const Image& picture, int warm_up) {
    while (streams.size() < count && !stop_requested()) {
        streams.push_back(streams.front().another_stream());
        for (int round = 0; round < std::max(1, warm_up); ++round) streams.back().detect(picture);
    }
}

/// So many pictures a stream, each taken by the stream that is free next. @return false if a signal stopped it
bool measure_streams(std::vector<Detector>& streams, const Image& picture, int rounds, Throughput& measured) {
    const std::size_t pictures = streams.size() * static_cast<std::size_t>(rounds);
    measured.streams = streams.size();
    measured.each.ms.resize(pictures);
    Progress progress("all streams", static_cast<std::int64_t>(pictures), "picture");
    std::mutex lock;
    std::int64_t done = 0;
    const auto start = std::chrono::steady_clock::now();
    const bool is_whole = work_through(pictures, streams.size(), [&](std::size_t stream, std::size_t index) {
        if (stop_requested()) return false;
        StageTimes times;
        streams[stream].detect(picture, times);
        measured.each.ms[index] = times.total() * 1e3;
        const std::lock_guard guard(lock);
        progress.update(++done);
        return true;
    });
    measured.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return is_whole;
}

std::string number_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", value);
    return text;
}

Json samples_json(const Samples& samples) {
    return {{"median", samples.quantile(0.5)},
            {"p90", samples.quantile(0.9)},
            {"p99", samples.quantile(0.99)},
            {"min", samples.quantile(0)}};
}

Json throughput_json(const Throughput& throughput) {
    return {{"count", throughput.streams},
            {"pictures", throughput.each.ms.size()},
            {"seconds", throughput.seconds},
            {"pictures_per_second", throughput.pictures_per_second()},
            {"ms", samples_json(throughput.each)}};
}

struct Setting {
    std::string model;
    int threads = 0;
    int rounds = 0;
    double ready_ms = 0; ///< from the file to a detector that can run
};

/// Most memory that the process ever had, in bytes.
std::int64_t peak_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return std::int64_t{usage.ru_maxrss} * 1024;
}

Json result_json(const Measurement& measured, const Detector& detector, const Setting& setting) {
    Json stages = Json::object(), parts = Json::object();
    for (const auto& [name, samples] : measured.stages) stages[name] = samples_json(samples);
    for (const auto& [name, samples] : measured.parts) parts[name] = samples_json(samples);
    Json result{{"model", setting.model},
                {"tasks", detector.tasks()},
                {"side", detector.side()},
                {"precision", detector.uses_bf16() ? "bf16" : "fp32"},
                {"threads", setting.threads},
                {"processor", cpu_name()},
                {"rounds", setting.rounds},
                {"ready_ms", setting.ready_ms},
                {"arena_bytes", detector.engine().arena_bytes()},
                {"peak_bytes", peak_bytes()},
                {"ms", stages},
                {"network_ms", parts}};
    if (measured.throughput) result["streams"] = throughput_json(*measured.throughput);
    return result;
}

void print_table(const Measurement& measured, const Detector& detector, const Setting& setting) {
    std::cout << setting.model << ": " << detector.side() << " px, " << (detector.uses_bf16() ? "bf16" : "fp32") << ", "
              << setting.threads << (setting.threads == 1 ? " thread, " : " threads, ") << cpu_name() << "\n"
              << "ready after " << number_text(setting.ready_ms) << " ms, peak memory " << peak_bytes() / 1'000'000
              << " MB\nms over " << setting.rounds << " passes\n";
    TextTable table;
    table.add({"", "median", "p90", "p99", "min"});
    const auto add = [&](const std::string& name, const Samples& samples) {
        table.add({name, number_text(samples.quantile(0.5)), number_text(samples.quantile(0.9)),
                   number_text(samples.quantile(0.99)), number_text(samples.quantile(0))});
    };
    for (const auto& [name, samples] : measured.stages)
        add(name == "total" ? "picture to boxes" : "  " + name, samples);
    for (const auto& [name, samples] : measured.parts) add("    " + name, samples);
    if (measured.throughput) add("picture beside others", measured.throughput->each);
    std::cout << table.text();
    if (!measured.throughput) return;
    std::cout << measured.throughput->streams << " streams: " << number_text(measured.throughput->pictures_per_second())
              << " pictures/s\n";
}

/// With --streams. @throws UsageError
std::optional<StreamValues> wanted_streams(const Options& options) {
    if (options.count("streams") == 0) return std::nullopt;
    return stream_values(options, std::numeric_limits<std::size_t>::max());
}

} // namespace

ExitCode run_bench(const Options& options) {
    const int rounds = number_option<int>(options, "rounds", 1, 1'000'000);
    const int warm_up = number_option<int>(options, "warm-up", 0, 1'000'000);
    const std::optional<StreamValues> wanted = wanted_streams(options);
    const std::string model = text_option(options, "model"), file = text_option(options, "picture");
    install_stop_handlers();
    const Image picture = file.empty() ? random_picture() : read_image(file, {.apply_exif_orientation = true});
    DetectorOptions values = detector_values(options);
    if (wanted) values.threads = wanted->threads;
    const auto start = std::chrono::steady_clock::now();
    std::vector<Detector> streams;
    streams.emplace_back(model, values);
    const std::chrono::duration<double, std::milli> ready = std::chrono::steady_clock::now() - start;
    Measurement measured;
    bool is_whole = measure_stages(streams.front(), picture, warm_up, rounds, measured);
    if (is_whole && wanted) {
        add_streams(streams, wanted->count, picture, warm_up);
        is_whole = measure_streams(streams, picture, rounds, measured.throughput.emplace());
    }
    if (!is_whole) return exit_code_of_signal(*stop_requested());
    const Detector& detector = streams.front();
    const Setting setting{model, detector.engine().threads(), rounds, ready.count()};
    if (options.count("json") != 0) {
        std::cout << result_json(measured, detector, setting).dump() << "\n";
    } else {
        print_table(measured, detector, setting);
    }
    return ExitCode::ok;
}

} // namespace banyan
