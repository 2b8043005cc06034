#pragma once

#include <string>

namespace banyan::test {

/// Puts stderr of this process on a file or on a terminal of its own while it lives.
class StderrCapture {
public:
    enum class Kind { file, terminal };
    explicit StderrCapture(Kind kind, unsigned short columns = 100);
    ~StderrCapture();
    StderrCapture(const StderrCapture&) = delete;
    StderrCapture& operator=(const StderrCapture&) = delete;

    /// Ends the capture. @return everything written, terminal output with "\n" for "\r\n"
    std::string finish();

private:
    std::string read_terminal() const;
    std::string read_temporary() const;

    Kind kind_;
    int saved_stderr_ = -1;
    int output_ = -1; ///< temporary file, or the terminal's far end
};

/// What a terminal shows after `output`: carriage returns, "erase to the end of the line" and line breaks obeyed.
std::string shown_on_screen(const std::string& output);

} // namespace banyan::test
