#include "apps/command_line.h"

namespace banyan {

std::vector<Command> ablate_commands() { return {}; }

} // namespace banyan
