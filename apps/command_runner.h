#pragma once

#include <map>
#include <string>

#include "apps/run_commands.h"

namespace banyan {

/// The commands of one program by name.
using CommandRunners = std::map<std::string, ExitCode (*)(const Options&)>;

/// The whole of main(): finds the command, runs it, prints what went wrong as one line. @return the exit code
int run_command(const CommandRunners& runners, int argc, char** argv);

} // namespace banyan
