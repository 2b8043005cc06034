#pragma once

#include <sstream>
#include <string>

#include "core/error.h"

namespace banyan::detail {

template <typename... Parts>
std::string concat_parts(const Parts&... parts) {
    std::ostringstream out;
    (out << ... << parts);
    return out.str();
}

} // namespace banyan::detail

/// Callers' mistakes, always on: BANYAN_CHECK(count > 0, "batch size must be positive, got ", count).
#define BANYAN_CHECK(condition, ...) \
    do { \
        if (!(condition)) throw ::banyan::CheckError(::banyan::detail::concat_parts(__VA_ARGS__)); \
    } while (false)

/// Our own bugs; only with BANYAN_ASSERTS; never reachable by input.
#ifdef BANYAN_ASSERTS
#define BANYAN_ASSERT(condition, ...) BANYAN_CHECK(condition, "internal: ", __VA_ARGS__)
#else
#define BANYAN_ASSERT(condition, ...) \
    do { \
        if (false) static_cast<void>(condition); \
    } while (false)
#endif
