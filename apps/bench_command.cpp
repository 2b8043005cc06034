#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>

#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "apps/bench_subject.h"
#include "apps/detector_values.h"
#include "apps/option_values.h"
#include "apps/run_commands.h"
#include "apps/text_table.h"
#include "core/cpu_features.h"
#include "core/indexed_work.h"
#include "core/progress.h"
#include "core/stop_signal.h"

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
    Samples each;       ///< of a pass, while the other streams ran
    int batch = 1;      ///< pictures a pass
    double pictures_per_second() const { return batch * static_cast<double>(each.ms.size()) / seconds; }
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

void add_times(const NamedTimes& times, std::vector<std::pair<std::string, Samples>>& list) {
    for (const auto& [name, ms] : times) entry(list, name).ms.push_back(ms);
}

/// Passes with and without the clock in each step take turns. @return false if a signal stopped it
bool measure_stages(BenchSubject& subject, int warm_up, int rounds, Measurement& measured) {
    Progress progress("measuring", warm_up + rounds, "round");
    for (int round = -warm_up; round < rounds; ++round) {
        if (stop_requested()) return false;
        const NamedTimes stages = subject.run(), parts = subject.run_stepwise();
        if (round >= 0) {
            add_times(stages, measured.stages);
            add_times(parts, measured.parts);
        }
        progress.update(warm_up + round + 1);
    }
    return true;
}

using Subjects = std::vector<std::unique_ptr<BenchSubject>>;

/// Adds further streams of the first until there are so many. Each has run before.
void add_streams(Subjects& streams, std::size_t count, int warm_up) {
    while (streams.size() < count && !stop_requested()) {
        streams.push_back(streams.front()->another_stream());
        for (int round = 0; round < std::max(1, warm_up); ++round) streams.back()->run();
    }
}

/// So many pictures a stream, each taken by the stream that is free next. @return false if a signal stopped it
bool measure_streams(Subjects& streams, int rounds, Throughput& measured) {
    const std::size_t pictures = streams.size() * static_cast<std::size_t>(rounds);
    measured.streams = streams.size();
    measured.batch = streams.front()->batch();
    measured.each.ms.resize(pictures);
    Progress progress("all streams", static_cast<std::int64_t>(pictures), "picture");
    std::mutex lock;
    std::int64_t done = 0;
    const auto start = std::chrono::steady_clock::now();
    const bool is_whole = work_through(pictures, streams.size(), [&](std::size_t stream, std::size_t index) {
        if (stop_requested()) return false;
        measured.each.ms[index] = streams[stream]->run().front().second;
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
            {"pictures", static_cast<std::size_t>(throughput.batch) * throughput.each.ms.size()},
            {"seconds", throughput.seconds},
            {"pictures_per_second", throughput.pictures_per_second()},
            {"ms", samples_json(throughput.each)}};
}

struct Setting {
    std::string model;
    int rounds = 0;
    double ready_ms = 0; ///< from the file to a detector that can run
};

double pictures_per_second(const Measurement& measured, const BenchSubject& subject) {
    return subject.batch() * 1e3 / measured.stages.front().second.quantile(0.5);
}

/// Most memory that the process ever had, in bytes.
std::int64_t peak_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return std::int64_t{usage.ru_maxrss} * 1024;
}

/// The engine's kernels; 0 where it does not run.
int threads_of(const BenchSubject& subject) { return subject.engine() ? subject.engine()->threads() : 0; }

Json result_json(const Measurement& measured, const BenchSubject& subject, const Setting& setting) {
    Json stages = Json::object(), parts = Json::object(), result{{"model", setting.model}};
    for (const auto& [name, samples] : measured.stages) stages[name] = samples_json(samples);
    for (const auto& [name, samples] : measured.parts) parts[name] = samples_json(samples);
    const auto [height, width] = subject.input_size();
    if (subject.tasks().empty()) {
        result["height"] = height;
        result["width"] = width;
    } else {
        result["tasks"] = subject.tasks();
        result["side"] = width;
    }
    result["device"] = subject.device();
    result["precision"] = subject.precision();
    result["batch"] = subject.batch();
    result["threads"] = threads_of(subject);
    result["processor"] = cpu_name();
    result["rounds"] = setting.rounds;
    result["ready_ms"] = setting.ready_ms;
    result["arena_bytes"] = subject.engine() ? subject.engine()->arena_bytes() : 0;
    result["peak_bytes"] = peak_bytes();
    result["pictures_per_second"] = pictures_per_second(measured, subject);
    result["ms"] = stages;
    result["network_ms"] = parts;
    if (measured.throughput) result["streams"] = throughput_json(*measured.throughput);
    return result;
}

void print_table(const Measurement& measured, const BenchSubject& subject, const Setting& setting) {
    const auto [height, width] = subject.input_size();
    const int threads = threads_of(subject);
    std::cout << setting.model << ": ";
    if (subject.tasks().empty()) std::cout << height << " x ";
    std::cout << width << " px, " << subject.precision() << ", ";
    if (subject.engine()) {
        std::cout << threads << (threads == 1 ? " thread, " : " threads, ") << cpu_name() << "\n";
    } else {
        std::cout << subject.device() << "\n";
    }
    std::cout << number_text(pictures_per_second(measured, subject)) << " pictures a second, " << subject.batch()
              << " at a time; "
              << "ready after " << number_text(setting.ready_ms) << " ms, peak memory " << peak_bytes() / 1'000'000
              << " MB\nms over " << setting.rounds << " passes\n";
    TextTable table;
    table.add({"", "median", "p90", "p99", "min"});
    const auto add = [&](const std::string& name, const Samples& samples) {
        table.add({name, number_text(samples.quantile(0.5)), number_text(samples.quantile(0.9)),
                   number_text(samples.quantile(0.99)), number_text(samples.quantile(0))});
    };
    for (const auto& [name, samples] : measured.stages)
        add(name == "total" ? (subject.batch() == 1 ? "picture to boxes" : "pictures to boxes") : "  " + name, samples);
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
    install_stop_handlers();
    const Image picture = bench_picture(options);
    const auto start = std::chrono::steady_clock::now();
    Subjects streams;
    streams.push_back(make_bench_subject(options, picture, wanted ? std::optional(wanted->threads) : std::nullopt));
    const std::chrono::duration<double, std::milli> ready = std::chrono::steady_clock::now() - start;
    Measurement measured;
    bool is_whole = measure_stages(*streams.front(), warm_up, rounds, measured);
    if (is_whole && wanted) {
        add_streams(streams, wanted->count, warm_up);
        is_whole = measure_streams(streams, rounds, measured.throughput.emplace());
    }
    if (!is_whole) return exit_code_of_signal(*stop_requested());
    const Setting setting{text_option(options, "model"), rounds, ready.count()};
    if (options.count("json") != 0) {
        std::cout << result_json(measured, *streams.front(), setting).dump() << "\n";
    } else {
        print_table(measured, *streams.front(), setting);
    }
    return ExitCode::ok;
}

} // namespace banyan
