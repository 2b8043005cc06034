#pragma once

#include <string>

namespace banyan {

/// Process-wide log on stderr: "HH:MM:SS level message"; `info` and above unless set otherwise. Every function may be
/// called from any thread at any time; lines are never mixed and do not tear a progress bar. Line breaks in a message
/// become spaces. No LibTorch, no spdlog types in this header.
enum class LogLevel { debug, info, warning, error, off };

void set_log_level(LogLevel level);
/// Also append to this file from now on (run.log), each line with the date and at once; "" stops it. Parent folders
/// are created. @throws IoError (the log before goes on)
void set_log_file(const std::string& path);
void log_debug(const std::string& message);
void log_info(const std::string& message);
void log_warning(const std::string& message);
void log_error(const std::string& message);

} // namespace banyan
