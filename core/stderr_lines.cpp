#include "core/stderr_lines.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>

namespace banyan::stderr_lines {

namespace {

constexpr const char* kEraseLine = "\r\x1b[K";

struct Shared {
    std::mutex mutex;
    std::string status; ///< what stands in the last line now; empty: nothing
};

// Never destroyed: the log may be used by destructors of other static objects.
Shared& shared() {
    static auto* const instance = new Shared;
    return *instance;
}

/// All at once, so that other processes' lines do not come between. Nobody can be told when stderr is broken.
void write_all(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

} // namespace

bool is_terminal() {
    const char* const kind = std::getenv("TERM");
    return ::isatty(STDERR_FILENO) == 1 && (kind == nullptr || std::string_view(kind) != "dumb");
}

std::size_t terminal_columns() {
    struct winsize size = {};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return std::max<std::size_t>(size.ws_col, 20);
}

void write(std::string_view line) {
    Shared& state = shared();
    const std::lock_guard lock(state.mutex);
    std::string text = state.status.empty() ? "" : kEraseLine;
    text.append(line).append("\n").append(state.status);
    write_all(text);
}

void show_status(std::string_view line) {
    Shared& state = shared();
    const std::lock_guard lock(state.mutex);
    state.status = line;
    write_all(kEraseLine + state.status);
}

void end_status(std::string_view line) {
    Shared& state = shared();
    const std::lock_guard lock(state.mutex);
    std::string text = state.status.empty() ? "" : kEraseLine;
    if (!line.empty()) text.append(line).append("\n");
    state.status.clear();
    write_all(text);
}

} // namespace banyan::stderr_lines
