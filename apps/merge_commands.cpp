#include "apps/command_line.h"

namespace banyan {

std::vector<Command> merge_commands() { return {}; }

} // namespace banyan
