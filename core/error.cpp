#include "core/error.h"

#include <new>

namespace banyan {

namespace {

std::string one_line(const std::string& text) {
    std::string line = text;
    for (char& c : line) {
        if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') c = ' ';
    }
    return line;
}

} // namespace

std::string format_error(const ErrorText& text) {
    std::string found;
    if (!text.expected.empty()) found += "expected " + text.expected;
    if (!text.found.empty()) found += (found.empty() ? "found " : ", found ") + text.found;

    std::string parts;
    for (const std::string& part : {text.problem, found, text.next_step}) {
        if (part.empty()) continue;
        if (!parts.empty()) parts += "; ";
        parts += part;
    }
    return one_line(text.where + (text.where.empty() || parts.empty() ? "" : ": ") + parts);
}

ExitCode exit_code_of(const std::exception& error) noexcept {
    if (const auto* ours = dynamic_cast<const Error*>(&error)) return ours->exit_code();
    if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return ExitCode::memory;
    return ExitCode::internal;
}

} // namespace banyan
