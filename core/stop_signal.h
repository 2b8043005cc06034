#pragma once

#include <optional>

#include "core/error.h"

namespace banyan {

/// From now on SIGINT and SIGTERM only set a flag, so that a long loop can write a checkpoint and end by itself; a
/// second signal ends the program at once (default handling). Forgets an earlier request. Interrupted system calls are
/// restarted.
void install_stop_handlers();

/// The first SIGINT or SIGTERM since install_stop_handlers(), if any. Cheap: ask in every step.
std::optional<int> stop_requested();

/// SIGINT -> interrupted (130), SIGTERM -> terminated (143). @throws CheckError another signal
ExitCode exit_code_of_signal(int signal_number);

} // namespace banyan
