#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace banyan::test {

/// How a program ended and what it wrote.
struct Outcome {
    int code = -1; ///< exit code, or 128 + the signal that ended it
    std::string out, err;
};

struct ProcessOptions {
    long file_limit_bytes = -1;             ///< largest file it may write (as on a full disk); -1: no limit
    std::vector<std::string> environment{}; ///< "NAME=value", beside the test's own
};

/// A running `banyan` of this build. Its output is read while it runs.
class Process {
public:
    explicit Process(const std::vector<std::string>& arguments, const ProcessOptions& options = {});
    ~Process(); ///< kills it if it still runs
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    /// True once `condition` holds; false when the process ends first or after `seconds`.
    bool wait_until(const std::function<bool()>& condition, int seconds = 60);
    void signal(int number) const;
    Outcome wait();

private:
    bool pump(int timeout_ms); ///< reads what is there; false once both pipes are closed
    pid_t id_ = -1;
    int out_ = -1, err_ = -1;
    Outcome outcome_;
};

/// Runs `banyan` to its end.
Outcome banyan(const std::vector<std::string>& arguments, const ProcessOptions& options = {});

} // namespace banyan::test
