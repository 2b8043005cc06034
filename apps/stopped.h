#pragma once

#include "core/stop_signal.h"

namespace banyan {

/// Thrown out of a long computation when a signal asks to stop.
struct Stopped {};

inline void stop_if_requested() {
    if (stop_requested()) throw Stopped{};
}

} // namespace banyan
