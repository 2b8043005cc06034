#include "core/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "core/stderr_lines.h"

namespace banyan {

namespace {

constexpr double kRedrawInterval_s = 0.2;
constexpr std::size_t kBarColumns = 20;

double seconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
    return std::chrono::duration<double>(to - from).count();
}

/// "12.3", "0.0123", "456": three digits are enough.
std::string rate_text(double rate) {
    char text[32];
    const int decimals = rate >= 100 ? 0 : rate >= 10 ? 1 : rate >= 1 ? 2 : 4;
    std::snprintf(text, sizeof text, "%.*f", decimals, rate);
    return text;
}

std::string bar_of(double share) {
    const auto filled = static_cast<std::size_t>(share * static_cast<double>(kBarColumns));
    return "[" + std::string(filled, '#') + std::string(kBarColumns - filled, '.') + "]";
}

std::string share_text(double share) {
    char text[16];
    // Rounded down: 100% means that all is done.
    std::snprintf(text, sizeof text, "%3d%%", static_cast<int>(share * 100));
    return text;
}

std::string without_line_breaks(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return text;
}

} // namespace

Progress::Progress(std::string title, std::int64_t total, std::string unit, double plain_interval_s)
    : title_(without_line_breaks(std::move(title))), total_(total), unit_(without_line_breaks(std::move(unit))),
      plain_interval_s_(plain_interval_s), terminal_(stderr_lines::is_terminal()), start_(Clock::now()),
      first_update_(start_), last_update_(start_), last_print_(start_) {
    if (terminal_) stderr_lines::show_status(cut_to_columns(line(true), stderr_lines::terminal_columns() - 1));
}

Progress::~Progress() {
    try {
        finish();
    } catch (...) {
        // Out of memory for a status line: nothing that a destructor could tell anybody.
        finished_ = true;
    }
}

void Progress::update(std::int64_t done, const std::string& text) {
    if (finished_) return;
    last_update_ = Clock::now();
    done_ = done;
    text_ = without_line_breaks(text);
    if (first_done_ < 0 || done < first_done_) {
        first_done_ = done;
        first_update_ = last_update_;
    }
    if (seconds_between(last_print_, last_update_) < (terminal_ ? kRedrawInterval_s : plain_interval_s_)) return;
    last_print_ = last_update_;
    if (terminal_) {
        stderr_lines::show_status(cut_to_columns(line(true), stderr_lines::terminal_columns() - 1));
    } else {
        stderr_lines::write(line(false));
    }
}

void Progress::finish() {
    if (finished_) return;
    finished_ = true;
    if (terminal_) {
        stderr_lines::end_status(cut_to_columns(line(true), stderr_lines::terminal_columns() - 1));
    } else {
        stderr_lines::write(line(false));
    }
}

std::string Progress::line(bool terminal) const {
    std::string result = title_ + " ";
    if (total_ > 0) {
        const double share = std::clamp(static_cast<double>(done_) / static_cast<double>(total_), 0.0, 1.0);
        result += share_text(share) + " ";
        if (terminal) result += bar_of(share) + " ";
    }
    result += std::to_string(done_);
    if (total_ > 0) result += "/" + std::to_string(total_);
    result += " " + unit_;
    if (const double rate = steps_per_second(); rate > 0) result += ", " + rate_text(rate) + " " + unit_ + "/s";
    result += timing();
    if (!text_.empty()) result += ", " + text_;
    return result;
}

std::string Progress::timing() const {
    if (finished_) return ", took " + format_duration(seconds_between(start_, Clock::now()));
    const double rate = steps_per_second();
    if (total_ <= 0 || rate <= 0) return "";
    return ", ETA " + format_duration(static_cast<double>(std::max<std::int64_t>(total_ - done_, 0)) / rate);
}

double Progress::steps_per_second() const {
    const double seconds = seconds_between(first_update_, last_update_);
    return seconds > 0 ? static_cast<double>(done_ - first_done_) / seconds : 0.0;
}

std::string format_duration(double seconds) {
    constexpr double kTooLong_s = 3.6e12; // an ETA of a billion hours is none
    if (!(seconds >= 0 && seconds < kTooLong_s)) return "?";
    const auto whole = static_cast<long long>(std::llround(seconds));
    char text[48];
    if (whole >= 3600) {
        const long long minutes = whole / 60;
        std::snprintf(text, sizeof text, "%lldh %02lldm", minutes / 60, minutes % 60);
    } else if (whole >= 60) {
        std::snprintf(text, sizeof text, "%lldm %02llds", whole / 60, whole % 60);
    } else {
        std::snprintf(text, sizeof text, "%lld s", whole);
    }
    return text;
}

std::string_view cut_to_columns(std::string_view text, std::size_t columns) {
    std::size_t characters = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool continues = (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
        if (!continues && characters++ == columns) return text.substr(0, i);
    }
    return text;
}

} // namespace banyan
