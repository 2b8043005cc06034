#include "core/log.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>

#include "core/error.h"
#include "core/stderr_lines.h"

namespace banyan {

namespace {

class StderrSink : public spdlog::sinks::base_sink<std::mutex> {
protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        stderr_lines::write(std::string_view(line.data(), line.size()));
    }
    void flush_() override {}
};

/// The formatter's own line break would come before that of stderr_lines.
std::unique_ptr<spdlog::formatter> stderr_formatter() {
    return std::make_unique<spdlog::pattern_formatter>("%H:%M:%S %l %v", spdlog::pattern_time_type::local, "");
}

class ProcessLog {
public:
    ProcessLog() : sinks_(std::make_shared<spdlog::sinks::dist_sink_mt>()), logger_("banyan", sinks_) {
        auto terminal = std::make_shared<StderrSink>();
        terminal->set_formatter(stderr_formatter());
        sinks_->add_sink(std::move(terminal));
        // Only the file can fail, e.g. when its disk is full; the line itself has already reached stderr.
        logger_.set_error_handler([](const std::string& problem) { stderr_lines::write("log file: " + problem); });
        logger_.flush_on(spdlog::level::debug);
    }

    spdlog::logger& logger() { return logger_; }

    void set_file(const std::string& path) {
        std::shared_ptr<spdlog::sinks::sink> next = path.empty() ? nullptr : open(path);
        const std::lock_guard lock(mutex_);
        if (file_) sinks_->remove_sink(file_);
        if (next) sinks_->add_sink(next);
        file_ = std::move(next);
    }

private:
    static std::shared_ptr<spdlog::sinks::sink> open(const std::string& path) {
        try {
            auto file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
            file->set_pattern("%Y-%m-%d %H:%M:%S %l %v");
            return file;
        } catch (const spdlog::spdlog_ex& problem) {
            throw IoError(ErrorText{path, std::string("cannot open the log file: ") + problem.what(), "", "",
                                    "choose a place you may write to"});
        }
    }

    std::shared_ptr<spdlog::sinks::dist_sink_mt> sinks_; ///< stderr first: a failing file must not silence it
    spdlog::logger logger_;
    std::mutex mutex_;
    std::shared_ptr<spdlog::sinks::sink> file_;
};

// Never destroyed: destructors of other static objects may log. Each line is flushed, so nothing is lost.
ProcessLog& process_log() {
    static auto* const instance = new ProcessLog;
    return *instance;
}

void log_line(spdlog::level::level_enum level, std::string message) {
    std::replace_if(
        message.begin(), message.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    process_log().logger().log(level, spdlog::string_view_t(message)); // as a text, not as a format
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::off: break;
    }
    return spdlog::level::off;
}

} // namespace

void set_log_level(LogLevel level) { process_log().logger().set_level(spdlog_level(level)); }

void set_log_file(const std::string& path) { process_log().set_file(path); }

void log_debug(const std::string& message) { log_line(spdlog::level::debug, message); }

void log_info(const std::string& message) { log_line(spdlog::level::info, message); }

void log_warning(const std::string& message) { log_line(spdlog::level::warn, message); }

void log_error(const std::string& message) { log_line(spdlog::level::err, message); }

} // namespace banyan
