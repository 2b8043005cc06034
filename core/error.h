#pragma once

#include <stdexcept>
#include <string>

namespace banyan {

/// What a message must tell: where it happened, what was wrong, what was expected and found, what to do next.
/// `where` is "file", "file:/json/pointer", "file:line" or "--option"; empty parts are left out of the text.
struct ErrorText {
    std::string where;
    std::string problem;   ///< e.g. "unknown key"
    std::string expected;  ///< e.g. "an integer in [1, 8]"
    std::string found;     ///< e.g. "\"scalez\""
    std::string next_step; ///< e.g. "did you mean \"scales\"?"
};

/// One line: `where: problem; expected …, found …; next step`. Line breaks and other control characters inside the
/// parts (names from files may hold any byte) become spaces.
std::string format_error(const ErrorText& text);

/// Documented process exit codes.
enum class ExitCode {
    ok = 0,
    internal = 1,
    usage = 2,
    data = 3,
    model_file = 4,
    io = 5,
    non_finite = 6,
    memory = 7,
    gate_not_met = 8,
    interrupted = 130,
    terminated = 143
};

/// Base of everything that is thrown on purpose. what() is one line.
class Error : public std::runtime_error {
public:
    explicit Error(const ErrorText& text) : std::runtime_error(format_error(text)) {}
    explicit Error(const std::string& line) : Error(ErrorText{"", line, "", "", ""}) {}
    virtual ExitCode exit_code() const noexcept { return ExitCode::internal; }
};

/// Defines an Error type that ends the program with `code`.
#define BANYAN_DEFINE_ERROR(name, code) \
    class name : public Error { \
    public: \
        using Error::Error; \
        ExitCode exit_code() const noexcept override { return ExitCode::code; } \
    }

BANYAN_DEFINE_ERROR(ConfigError, usage);         ///< config file or its meaning
BANYAN_DEFINE_ERROR(UsageError, usage);          ///< command line
BANYAN_DEFINE_ERROR(DataError, data);            ///< data set, label, image
BANYAN_DEFINE_ERROR(ModelFileError, model_file); ///< weights, model file, checkpoint
BANYAN_DEFINE_ERROR(IoError, io);                ///< file system
BANYAN_DEFINE_ERROR(NumericError, non_finite);   ///< non-finite loss or gradient
BANYAN_DEFINE_ERROR(MemoryError, memory);        ///< out of memory
BANYAN_DEFINE_ERROR(GateError, gate_not_met);    ///< a demanded quality was not reached
BANYAN_DEFINE_ERROR(ShapeError, internal);       ///< tensor shapes disagree
BANYAN_DEFINE_ERROR(CheckError, internal);       ///< a caller broke a documented precondition

#undef BANYAN_DEFINE_ERROR

/// Exit code for any exception: Error's own, MemoryError's for std::bad_alloc, internal otherwise.
ExitCode exit_code_of(const std::exception& error) noexcept;

} // namespace banyan
