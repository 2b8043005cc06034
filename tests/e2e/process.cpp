#include "process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace banyan::test {

namespace {

std::string program() { return std::string(BANYAN_BINARY_DIR) + "/bin/banyan"; }

struct Pipe {
    std::array<int, 2> ends{};
    Pipe() {
        if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    }
};

/// In the child: never returns.
[[noreturn]] void execute(const std::vector<std::string>& arguments, const ProcessOptions& options, int out, int err) {
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    setenv("OMP_NUM_THREADS", "1", 1); // the networks are tiny, and other tests may run beside
    setenv("OMP_WAIT_POLICY", "passive", 1);
    for (const std::string& entry : options.environment) {
        const std::size_t equals = entry.find('=');
        setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(), 1);
    }
    if (options.file_limit_bytes >= 0) {
        std::signal(SIGXFSZ, SIG_IGN); // writing fails instead, as it does on a full disk
        const auto bytes = static_cast<rlim_t>(options.file_limit_bytes);
        const rlimit limit{bytes, bytes};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    const std::string path = program();
    std::vector<char*> words{const_cast<char*>(path.c_str())};
    for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    execv(path.c_str(), words.data());
    _exit(127);
}

} // namespace

Process::Process(const std::vector<std::string>& arguments, const ProcessOptions& options) {
    const Pipe out, err;
    id_ = fork();
    if (id_ < 0) throw std::runtime_error("no process");
    if (id_ == 0) execute(arguments, options, out.ends[1], err.ends[1]);
    close(out.ends[1]);
    close(err.ends[1]);
    out_ = out.ends[0];
    err_ = err.ends[0];
}

Process::~Process() {
    if (id_ > 0) {
        kill(id_, SIGKILL);
        waitpid(id_, nullptr, 0);
    }
    for (const int end : {out_, err_}) {
        if (end >= 0) close(end);
    }
}

bool Process::pump(int timeout_ms) {
    std::array<pollfd, 2> polled{pollfd{out_, POLLIN, 0}, pollfd{err_, POLLIN, 0}};
    if (poll(polled.data(), polled.size(), timeout_ms) <= 0) return out_ >= 0 || err_ >= 0;
    const auto take = [](const pollfd& ready, int& end, std::string& text) {
        if (end < 0 || ready.revents == 0) return;
        std::array<char, 4096> bytes{};
        const ssize_t count = read(end, bytes.data(), bytes.size());
        if (count > 0) {
            text.append(bytes.data(), static_cast<std::size_t>(count));
        } else {
            close(end);
            end = -1;
        }
    };
    take(polled[0], out_, outcome_.out);
    take(polled[1], err_, outcome_.err);
    return out_ >= 0 || err_ >= 0;
}

bool Process::wait_until(const std::function<bool()>& condition, int seconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (std::chrono::steady_clock::now() < end) {
        if (condition()) return true;
        if (!pump(20)) return condition();
    }
    return false;
}

void Process::signal(int number) const { kill(id_, number); }

Outcome Process::wait() {
    while (pump(1000)) {}
    int status = 0;
    waitpid(id_, &status, 0);
    id_ = -1;
    outcome_.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return outcome_;
}

Outcome banyan(const std::vector<std::string>& arguments, const ProcessOptions& options) {
    return Process(arguments, options).wait();
}

} // namespace banyan::test
