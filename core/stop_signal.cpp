#include "core/stop_signal.h"

#include <atomic>
#include <csignal>

#include "core/check.h"

namespace banyan {

namespace {

std::atomic<int> first_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

void set_action(void (*handler)(int)) {
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    for (const int signal_number : {SIGINT, SIGTERM}) sigaction(signal_number, &action, nullptr);
}

extern "C" void on_first_stop_signal(int signal_number) {
    first_signal.store(signal_number);
    set_action(SIG_DFL);
}

} // namespace

void install_stop_handlers() {
    first_signal.store(0);
    set_action(on_first_stop_signal);
}

std::optional<int> stop_requested() {
    const int signal_number = first_signal.load(std::memory_order_relaxed);
    if (signal_number == 0) return std::nullopt;
    return signal_number;
}

ExitCode exit_code_of_signal(int signal_number) {
    BANYAN_CHECK(signal_number == SIGINT || signal_number == SIGTERM, "not a stop signal: ", signal_number);
    return signal_number == SIGINT ? ExitCode::interrupted : ExitCode::terminated;
}

} // namespace banyan
