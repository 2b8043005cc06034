#include "apps/command_line.h"

#include <algorithm>
#include <iostream>
#include <sstream>

#include "core/check.h"
#include "core/config_reader.h"
#include "core/error.h"

namespace banyan {

namespace po = boost::program_options;

namespace {

std::string first_word(const Command& command) {
    const std::string name = command.name;
    return name.substr(0, name.find(' '));
}

const Command* command_named(const std::string& name) {
    const std::vector<Command>& all = commands();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Command& entry) { return entry.name == name; });
    return found == all.end() ? nullptr : &*found;
}

[[noreturn]] void refuse_unknown_command(const std::vector<std::string>& words) {
    const bool in_group = is_command_group(words[0]);
    const std::string name = in_group && words.size() > 1 ? words[0] + " " + words[1] : words[0];
    const std::string help = in_group ? "see `banyan " + words[0] + " --help`" : "see `banyan --help`";
    if (in_group && words.size() == 1) {
        throw UsageError(ErrorText{"banyan " + name, "what it is to do is missing", "", "", help});
    }
    std::vector<std::string> names;
    for (const Command& command : commands()) {
        if (in_group || first_word(command) == command.name)
            names.emplace_back(command.name);
        else
            names.push_back(first_word(command));
    }
    const std::string nearest = nearest_word(name, names);
    throw UsageError(ErrorText{"banyan", "unknown command \"" + name + "\"", "", "",
                               nearest.empty() ? help : "did you mean \"" + nearest + "\"?"});
}

constexpr std::size_t kNameColumns = 16;

void list(std::ostream& out, const std::string& name, const std::string& summary) {
    out << "  " << name << std::string(kNameColumns - std::min(kNameColumns, name.size()), ' ') << summary << "\n";
}

} // namespace

bool is_command_group(const std::string& word) {
    const std::vector<Command>& all = commands();
    return command_named(word) == nullptr &&
           std::any_of(all.begin(), all.end(), [&](const Command& entry) { return first_word(entry) == word; });
}

CommandCall find_command(const std::vector<std::string>& words) {
    BANYAN_CHECK(!words.empty(), "expected a command");
    const auto from = [&](std::ptrdiff_t first) {
        return std::vector<std::string>(words.begin() + first, words.end());
    };
    if (words.size() > 1) {
        if (const Command* command = command_named(words[0] + " " + words[1])) return {*command, from(2)};
    }
    if (const Command* command = command_named(words[0])) return {*command, from(1)};
    refuse_unknown_command(words);
}

const char* version_number() { return BANYAN_VERSION; }

std::string version_text() { return std::string("banyan ") + version_number() + "\n"; }

std::string help_text() {
    std::ostringstream out;
    out << "banyan: one detection network for many detection tasks, trained on partially labelled data sets\n\n"
           "usage: banyan COMMAND [options]\n\ncommands:\n";
    for (const Command& command : commands()) list(out, command.name, command.summary);
    out << "\n`banyan COMMAND --help` tells a command's options. `banyan --version` prints the version.\n"
           "Exit codes: 0 ok, 1 internal, 2 usage or config, 3 data, 4 model file refused, 5 input/output, 6 "
           "non-finite\n"
           "numbers, 7 out of memory, 8 gate not met, 130 SIGINT, 143 SIGTERM (both after a checkpoint).\n";
    return out.str();
}

std::string group_help_text(const std::string& group) {
    std::ostringstream out;
    out << "usage: banyan " << group << " COMMAND [options]\n\ncommands:\n";
    for (const Command& command : commands()) {
        if (first_word(command) == group) list(out, command.name, command.summary);
    }
    out << "\n`banyan " << group << " COMMAND --help` tells a command's options.\n";
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
