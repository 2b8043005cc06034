#pragma once

#include <string>
#include <vector>

#include <boost/program_options.hpp>

namespace banyan {

/// Programs that run commands; they lie beside `banyan`.
inline constexpr const char* kTrainingProgram = "banyan-train";  ///< with LibTorch
inline constexpr const char* kInferenceProgram = "banyan-infer"; ///< without: starts at once, runs on small systems

/// One subcommand as the command line knows it. The program `banyan` answers --help, --version and wrong options from
/// this table alone and starts another program for everything else.
struct Command {
    const char* name;      ///< one word or two: "train", "merge plan"
    const char* summary;   ///< one line for the list of commands
    const char* arguments; ///< e.g. "CONFIG --out DIR [options]"
    const char* details;   ///< further lines for its --help: what it writes, exit codes that need a word
    void (*add_options)(boost::program_options::options_description& options);
    const char* positional; ///< option that takes the words without a dash; "" for none
    int positional_limit;   ///< how many; -1 = any
    const char* program = kTrainingProgram;
};

const std::vector<Command>& commands();
std::vector<Command> merge_commands();   ///< those of `banyan merge`, which commands() holds as well
std::vector<Command> ablate_commands();  ///< those of `banyan ablate`
std::vector<Command> distill_commands(); ///< those of `banyan distill`

/// What was asked for.
struct CommandCall {
    const Command& command;
    std::vector<std::string> arguments; ///< the words behind the command's name
};

/// The command with the longest name that the words begin with. @throws UsageError an unknown command, with the nearest
CommandCall find_command(const std::vector<std::string>& words);
/// True if `word` only begins the names of commands: "merge".
bool is_command_group(const std::string& word);

const char* version_number(); ///< "0.1.0"
std::string version_text();
std::string help_text();
/// The commands whose names begin with the word.
std::string group_help_text(const std::string& group);
std::string help_text(const Command& command);

/// Options of a command line; abbreviations are refused. @param arguments the words behind the command's name
/// @throws UsageError naming the option, what is wrong and the nearest one known
boost::program_options::variables_map parse_options(const Command& command, const std::vector<std::string>& arguments);

/// @throws IoError what was printed to stdout could not be written
void flush_results();

/// True if the words ask for help. Words behind "--" do not count.
bool asks_for_help(const std::vector<std::string>& arguments);

} // namespace banyan
