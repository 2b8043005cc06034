#include "stderr_capture.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <pty.h>
#include <stdexcept>
#include <unistd.h>
#include <utility>
#include <vector>

namespace banyan::test {

namespace {

int open_temporary() {
    std::string pattern = "/tmp/banyan-stderr-XXXXXX";
    const int file = ::mkstemp(pattern.data());
    ::unlink(pattern.c_str());
    return file;
}

} // namespace

StderrCapture::StderrCapture(Kind kind, unsigned short columns) : kind_(kind), saved_stderr_(::dup(STDERR_FILENO)) {
    int near_end = -1;
    if (kind == Kind::terminal) {
        winsize size{};
        size.ws_col = columns;
        size.ws_row = 25;
        const int result = ::openpty(&output_, &near_end, nullptr, nullptr, &size);
        if (result != 0) throw std::runtime_error("no pseudo terminal");
        ::fcntl(output_, F_SETFL, O_NONBLOCK);
    } else {
        output_ = open_temporary();
        near_end = ::dup(output_);
    }
    ::dup2(near_end, STDERR_FILENO);
    ::close(near_end);
}

StderrCapture::~StderrCapture() {
    if (output_ >= 0) finish();
}

std::string StderrCapture::finish() {
    // The terminal's output is lost once its near end is closed: read first.
    const std::string captured = kind_ == Kind::terminal ? read_terminal() : read_temporary();
    ::dup2(saved_stderr_, STDERR_FILENO);
    ::close(std::exchange(saved_stderr_, -1));
    ::close(std::exchange(output_, -1));
    return captured;
}

std::string StderrCapture::read_terminal() const {
    std::string captured;
    std::array<char, 4096> buffer{};
    ssize_t got = 0;
    while ((got = ::read(output_, buffer.data(), buffer.size())) > 0) {
        for (ssize_t i = 0; i < got; ++i) {
            const char c = buffer[static_cast<std::size_t>(i)];
            if (c == '\n' && !captured.empty() && captured.back() == '\r') captured.pop_back();
            captured += c;
        }
    }
    return captured;
}

std::string StderrCapture::read_temporary() const {
    std::string captured;
    std::array<char, 4096> buffer{};
    ssize_t got = 0;
    while ((got = ::pread(output_, buffer.data(), buffer.size(), static_cast<off_t>(captured.size()))) > 0) {
        captured.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return captured;
}

std::string shown_on_screen(const std::string& output) {
    const std::string erase = "\x1b[K";
    std::vector<std::string> lines(1);
    std::size_t column = 0;
    for (std::size_t i = 0; i < output.size(); ++i) {
        std::string& line = lines.back();
        if (output.compare(i, erase.size(), erase) == 0) {
            line.resize(std::min(column, line.size()));
            i += erase.size() - 1;
        } else if (output[i] == '\r') {
            column = 0;
        } else if (output[i] == '\n') {
            lines.emplace_back();
            column = 0;
        } else {
            line.resize(std::max(line.size(), column + 1), ' ');
            line[column++] = output[i];
        }
    }
    std::string screen;
    for (const std::string& line : lines) screen += (&line == &lines.front() ? "" : "\n") + line;
    return screen;
}

} // namespace banyan::test
