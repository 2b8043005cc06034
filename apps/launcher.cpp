#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <unistd.h>

#include "apps/command_line.h"
#include "apps/device_option.h"
#include "core/error.h"

// `banyan`: answers --help, --version and usage errors at once and hands everything else to a program that lies beside
// it: one without LibTorch for what runs networks, one with it, which takes a third of a second to load, for the rest
// and for running networks on a GPU.

namespace {

using namespace banyan;

/// GCC's OpenMP lets a thread that waits spin 300,000 times, which on a processor with slow pauses is many
/// milliseconds: where other programs want the cores, kernels of several threads then run up to ten times slower. A
/// hundredth of it costs nothing where they do not. What the user has set stays.
void bound_spinning() {
    if (std::getenv("OMP_WAIT_POLICY") == nullptr) setenv("GOMP_SPINCOUNT", "3000", 0);
}

int hand_over(const char* name, char** argv) {
    if (std::strcmp(name, kInferenceProgram) == 0) bound_spinning();
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
    const std::string program = (self.parent_path() / name).string();
    execv(program.c_str(), argv);
    const std::string problem = std::string("cannot be started: ") + std::strerror(errno);
    const bool training = std::strcmp(name, kTrainingProgram) == 0;
    throw IoError(ErrorText{program, problem, "", "",
                            training ? "build or install banyan with LibTorch" : "build or install banyan again"});
}

int run(const std::vector<std::string>& words, char** argv) {
    if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
        std::cout << help_text();
        return words.empty() ? static_cast<int>(ExitCode::usage) : 0;
    }
    if (words[0] == "--version") {
        std::cout << version_text();
        return 0;
    }
    if (is_command_group(words[0]) && words.size() > 1 && asks_for_help({words[1]})) {
        std::cout << group_help_text(words[0]);
        return 0;
    }
    const CommandCall call = find_command(words);
    if (asks_for_help(call.arguments)) {
        std::cout << help_text(call.command);
        return 0;
    }
    const bool on_gpu = device_option(parse_options(call.command, call.arguments)) != "cpu";
    return hand_over(on_gpu ? kTrainingProgram : call.command.program, argv);
}

} // namespace

int main(int argc, char** argv) {
    try {
        const int code = run(std::vector<std::string>(argv + 1, argv + argc), argv);
        flush_results();
        return code;
    } catch (const std::exception& error) {
        std::cerr << "banyan: error: " << error.what() << "\n";
        return static_cast<int>(exit_code_of(error));
    }
}
