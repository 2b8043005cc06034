#include <csignal>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "apps/command_line.h"
#include "apps/run_commands.h"

// `banyan-engine`: runs a command; `banyan` (launcher.cpp) starts it.

namespace {

using namespace banyan;

const std::map<std::string, ExitCode (*)(const Options&)>& runners() {
    static const std::map<std::string, ExitCode (*)(const Options&)> table{
        {"train", run_train},
        {"eval", run_eval},
        {"compare", run_compare},
        {"check", run_check},
        {"detect", run_detect},
        {"explain", run_explain},
        {"bench", run_bench},
        {"export", run_export},
        {"env", run_env},
        {"demo", run_demo},
        {"merge auto", run_merge_auto},
        {"merge measure", run_merge_measure},
        {"merge plan", run_merge_plan},
        {"merge apply", run_merge_apply},
        {"merge split", run_merge_split},
        {"merge heal", run_merge_heal},
        {"merge confirm", run_merge_confirm},
        {"ablate", run_ablate},
        {"ablate show", run_ablate_show},
        {"ablate compare", run_ablate_compare},
    };
    return table;
}

ExitCode run(const std::vector<std::string>& words) {
    if (words.empty()) throw UsageError("banyan-engine: no command; start it through `banyan`");
    const CommandCall call = find_command(words);
    return runners().at(call.command.name)(parse_options(call.command, call.arguments));
}

} // namespace

int main(int argc, char** argv) {
    std::signal(SIGXFSZ, SIG_IGN); // a file over the size limit is an error of its writer, not the end of the process
    try {
        const ExitCode code = run(std::vector<std::string>(argv + 1, argv + argc));
        flush_results();
        return static_cast<int>(code);
    } catch (const std::exception& error) {
        std::string line = error.what();
        if (dynamic_cast<const Error*>(&error) == nullptr) line = "internal: " + line.substr(0, line.find('\n'));
        std::cerr << "banyan: error: " << line << "\n";
        return static_cast<int>(exit_code_of(error));
    }
}
