#include "benchmarks/worker.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>

#include "core/atomic_file.h"
#include "core/error.h"

namespace banyan {

namespace {

constexpr int kErrorCode = 2, kMostRuns = 1'000'000, kMostThreads = 1024;

int number_of(const std::string& where, const std::string& text, int most) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size() && 1 <= number && number <= most) return number;
    throw UsageError(ErrorText{where, "", "an integer in [1, " + std::to_string(most) + "]", "\"" + text + "\"", ""});
}

WorkerPrecision precision_of(const std::string& text) {
    const std::map<std::string, WorkerPrecision> all{
        {"fp32", WorkerPrecision::fp32}, {"bf16", WorkerPrecision::bf16}, {"int8", WorkerPrecision::int8}};
    const auto found = all.find(text);
    if (found != all.end()) return found->second;
    throw UsageError(ErrorText{"--precision", "unknown", "fp32, bf16 or int8", "\"" + text + "\"", ""});
}

WorkerOptions parse_options(const std::vector<std::string>& words) {
    if (words.size() % 2 == 0) throw UsageError("expected NETWORK and options, each with a value");
    WorkerOptions options;
    options.network = words[0];
    for (std::size_t i = 1; i < words.size(); i += 2) {
        const std::string &option = words[i], &value = words[i + 1];
        if (option == "--threads") {
            options.threads = number_of(option, value, kMostThreads);
        } else if (option == "--onnx") {
            options.onnx_path = value;
        } else if (option == "--pictures") {
            options.pictures = value;
        } else if (option == "--precision") {
            options.precision = precision_of(value);
        } else {
            throw UsageError(
                ErrorText{option, "unknown option", "--precision, --threads, --onnx or --pictures", "", ""});
        }
    }
    return options;
}

std::string answer_run(MeasuredEngine& engine, int runs) {
    using Clock = std::chrono::steady_clock;
    std::string answer;
    for (int i = 0; i < runs; ++i) {
        const Clock::time_point start = Clock::now();
        engine.run();
        const std::chrono::duration<double, std::milli> passed = Clock::now() - start;
        char text[32];
        std::snprintf(text, sizeof text, "%s%.4f", i == 0 ? "" : " ", passed.count());
        answer += text;
    }
    return answer;
}

std::string answer_output(const MeasuredEngine& engine, const std::string& name, const std::string& path) {
    const std::vector<float> numbers = engine.output(name);
    write_file_atomically(path, {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float)});
    return "written " + path;
}

std::string answer(MeasuredEngine& engine, const std::string& line) {
    std::istringstream words(line);
    std::string command, argument, path;
    words >> command >> argument >> std::ws;
    std::getline(words, path);
    if (line == "version") return engine.version();
    if (command == "run" && path.empty()) return answer_run(engine, number_of("run", argument, kMostRuns));
    if (command == "output" && !path.empty()) return answer_output(engine, argument, path);
    throw UsageError(
        ErrorText{"stdin", "unknown command", "version, run N, output NAME FILE or quit", "\"" + line + "\"", ""});
}

} // namespace

int run_worker(int argc, char** argv, const EngineMaker& make_engine) {
    try {
        const std::unique_ptr<MeasuredEngine> engine =
            make_engine(parse_options(std::vector<std::string>(argv + 1, argv + argc)));
        std::string line;
        while (std::getline(std::cin, line) && line != "quit") std::cout << answer(*engine, line) << std::endl;
        return 0;
    } catch (const std::exception& error) {
        const std::string text = error.what(); // other libraries' messages may have several lines
        std::cerr << "error: " << text.substr(0, text.find('\n')) << "\n";
        return kErrorCode;
    }
}

} // namespace banyan
