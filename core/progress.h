#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace banyan {

/// Progress of a long loop on stderr: share, count, rate, ETA and a free text (losses). On a terminal one line that
/// redraws itself at most 5 times a second and is cut to the terminal's width; otherwise a plain line every
/// `plain_interval_s` seconds and at the end. Log lines written meanwhile do not tear the bar. One thread updates a
/// bar, and one bar is on the terminal at a time.
class Progress {
public:
    /// @param total  steps of the whole loop, those before a resume included; 0 where not known (no share, no ETA)
    Progress(std::string title, std::int64_t total, std::string unit = "step", double plain_interval_s = 10.0);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// `done` steps are done. Rate and ETA count from the first call on, so that a resumed loop does not look faster
    /// than it is.
    void update(std::int64_t done, const std::string& text = "");
    /// Ends the line: the last state stays, with the time it took instead of the ETA. Called by the destructor too.
    void finish();

private:
    using Clock = std::chrono::steady_clock;
    std::string line(bool terminal) const;
    std::string timing() const;
    double steps_per_second() const; ///< 0 where not known yet

    std::string title_;
    std::int64_t total_;
    std::string unit_;
    double plain_interval_s_;
    bool terminal_;
    bool finished_ = false;
    std::int64_t done_ = 0;
    std::int64_t first_done_ = -1; ///< where a resumed loop began
    std::string text_;
    Clock::time_point start_;
    Clock::time_point first_update_;
    Clock::time_point last_update_;
    Clock::time_point last_print_;
};

/// "1h 02m", "3m 20s", "12 s"; "?" for what is not a duration.
std::string format_duration(double seconds);

/// The longest beginning of UTF-8 `text` of at most `columns` characters, never ending inside one.
std::string_view cut_to_columns(std::string_view text, std::size_t columns);

} // namespace banyan
