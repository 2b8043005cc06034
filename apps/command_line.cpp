#include "apps/command_line.h"

#include <algorithm>
#include <iostream>
#include <sstream>

#include "core/config_reader.h"
#include "core/error.h"

namespace banyan {

namespace po = boost::program_options;

const Command& find_command(const std::string& name) {
    std::vector<std::string> names;
    for (const Command& command : commands()) {
        if (name == command.name) return command;
        names.emplace_back(command.name);
    }
    const std::string nearest = nearest_word(name, names);
    throw UsageError(ErrorText{"banyan", "unknown command \"" + name + "\"", "", "",
                               nearest.empty() ? "see `banyan --help`" : "did you mean \"" + nearest + "\"?"});
}

std::string version_text() { return "banyan " BANYAN_VERSION "\n"; }

std::string help_text() {
    std::ostringstream out;
    out << "banyan: one detection network for many detection tasks, trained on partially labelled data sets\n\n"
           "usage: banyan COMMAND [options]\n\ncommands:\n";
    for (const Command& command : commands()) {
        out << "  " << command.name << std::string(10 - std::string(command.name).size(), ' ') << command.summary
            << "\n";
    }
    out << "\n`banyan COMMAND --help` tells a command's options. `banyan --version` prints the version.\n"
           "Exit codes: 0 ok, 1 internal, 2 usage or config, 3 data, 4 model file refused, 5 input/output, 6 "
           "non-finite\n"
           "numbers, 7 out of memory, 8 gate not met, 130 SIGINT, 143 SIGTERM (both after a checkpoint).\n";
    return out.str();
}

namespace {

po::options_description described(const Command& command) {
    po::options_description options("options", 110);
    options.add_options()("help,h", "this text");
    command.add_options(options);
    return options;
}

std::vector<std::string> long_names(const po::options_description& options) {
    std::vector<std::string> names;
    for (const auto& option : options.options()) names.push_back("--" + option->long_name());
    return names;
}

[[noreturn]] void refuse_unknown(const Command& command, const std::string& option) {
    const std::string nearest = nearest_word(option, long_names(described(command)));
    throw UsageError(ErrorText{std::string("banyan ") + command.name, "unknown option \"" + option + "\"", "", "",
                               nearest.empty() ? "see `banyan " + std::string(command.name) + " --help`"
                                               : "did you mean \"" + nearest + "\"?"});
}

} // namespace

std::string help_text(const Command& command) {
    std::ostringstream out;
    out << "usage: banyan " << command.name << " " << command.arguments << "\n\n" << command.summary << "\n";
    if (*command.details != '\0') out << "\n" << command.details << "\n";
    out << "\n" << described(command);
    return out.str();
}

po::variables_map parse_options(const Command& command, const std::vector<std::string>& arguments) {
    const po::options_description options = described(command);
    po::positional_options_description positional;
    if (*command.positional != '\0') positional.add(command.positional, command.positional_limit);
    namespace style = po::command_line_style;
    constexpr int kStyle = style::unix_style & ~style::allow_guessing;
    po::variables_map values;
    try {
        po::store(po::command_line_parser(arguments).options(options).positional(positional).style(kStyle).run(),
                  values);
        po::notify(values);
    } catch (const po::unknown_option& error) {
        refuse_unknown(command, error.get_option_name());
    } catch (const po::too_many_positional_options_error&) {
        throw UsageError(ErrorText{std::string("banyan ") + command.name, "too many words without an option",
                                   command.arguments, "", ""});
    } catch (const po::error& error) {
        throw UsageError(ErrorText{std::string("banyan ") + command.name, error.what(), command.arguments, "",
                                   "see `banyan " + std::string(command.name) + " --help`"});
    }
    return values;
}

void flush_results() {
    if (!std::cout.flush()) throw IoError(ErrorText{"stdout", "cannot be written", "", "", "is the disk full?"});
}

bool asks_for_help(const std::vector<std::string>& arguments) {
    const auto end = std::find(arguments.begin(), arguments.end(), "--");
    return std::any_of(arguments.begin(), end,
                       [](const std::string& word) { return word == "--help" || word == "-h"; });
}

} // namespace banyan
