#include "apps/command_runner.h"

#include <csignal>
#include <iostream>
#include <vector>

#include "apps/command_line.h"
#include "apps/stopped.h"

namespace banyan {

namespace {

ExitCode run(const CommandRunners& runners, const std::vector<std::string>& words) {
    if (words.empty()) throw UsageError("no command; start this program through `banyan`");
    const CommandCall call = find_command(words);
    const auto runner = runners.find(call.command.name);
    if (runner == runners.end()) {
        throw UsageError(std::string(call.command.name) + ": a command of " + call.command.program +
                         "; start it through `banyan`");
    }
    return runner->second(parse_options(call.command, call.arguments));
}

} // namespace

int run_command(const CommandRunners& runners, int argc, char** argv) {
    std::signal(SIGXFSZ, SIG_IGN); // a file over the size limit is an error of its writer, not the end of the process
    try {
        const ExitCode code = run(runners, std::vector<std::string>(argv + 1, argv + argc));
        flush_results();
        return static_cast<int>(code);
    } catch (const Stopped&) {
        return static_cast<int>(exit_code_of_signal(*stop_requested()));
    } catch (const std::exception& error) {
        std::string line = error.what();
        if (dynamic_cast<const Error*>(&error) == nullptr) line = "internal: " + line.substr(0, line.find('\n'));
        std::cerr << "banyan: error: " << line << "\n";
        return static_cast<int>(exit_code_of(error));
    }
}

} // namespace banyan
