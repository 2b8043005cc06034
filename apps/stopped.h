#pragma once

#include "core/stop_signal.h"

namespace banyan {

/// Thrown out of a long computation when a signal asks to stop; run_command gives the exit code of the signal.
struct Stopped {};

inline void stop_if_requested() {
    if (stop_requested()) throw Stopped{};
}

} // namespace banyan
