#include "core/progress.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/log.h"
#include "stderr_capture.h"

namespace banyan {
namespace {

using namespace std::chrono_literals;
using test::shown_on_screen;
using test::StderrCapture;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

auto line_breaks(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

TEST(Progress, WritesOnePlainLineAtTheEndWhenNotOnATerminal) {
    StderrCapture capture(StderrCapture::Kind::file);
    {
        Progress progress("train", 1000);
        for (int i = 1; i <= 1000; ++i) progress.update(i, "loss " + std::to_string(i));
    }
    const std::string output = capture.finish();
    EXPECT_EQ(line_breaks(output), 1);
    EXPECT_THAT(output, StartsWith("train 100% 1000/1000 step, "));
    EXPECT_THAT(output, HasSubstr(", took 0 s, loss 1000\n"));
    EXPECT_THAT(output, Not(HasSubstr("\r")));
    EXPECT_THAT(output, Not(HasSubstr("\x1b")));
}

TEST(Progress, WritesPlainLinesAtTheInterval) {
    StderrCapture capture(StderrCapture::Kind::file);
    Progress progress("eval", 4, "image", 0.0);
    progress.update(1);
    std::this_thread::sleep_for(20ms);
    progress.update(2);
    progress.finish();
    const std::string output = capture.finish();
    EXPECT_EQ(line_breaks(output), 3);
    EXPECT_THAT(output, StartsWith("eval  25% 1/4 image\n")); // no rate yet
    EXPECT_THAT(output, HasSubstr("eval  50% 2/4 image, "));
    EXPECT_THAT(output, HasSubstr(" image/s, ETA 0 s\n"));
}

TEST(Progress, FinishesOnce) {
    StderrCapture capture(StderrCapture::Kind::file);
    {
        Progress progress("x", 3);
        progress.update(1);
        progress.finish();
        progress.update(2, "too late");
        progress.finish();
    }
    const std::string output = capture.finish();
    EXPECT_EQ(line_breaks(output), 1);
    EXPECT_THAT(output, HasSubstr("33% 1/3"));
}

TEST(Progress, CountsTheRateOfAResumedLoopFromWhereItBegan) {
    StderrCapture capture(StderrCapture::Kind::file);
    Progress progress("train", 2'000'000, "step", 0.0);
    progress.update(1'000'000);
    std::this_thread::sleep_for(50ms);
    progress.update(1'000'002);
    progress.finish();
    // 2 steps in at least 50 ms: at most 40 a second; a million steps counted would be millions a second.
    EXPECT_THAT(capture.finish(),
                MatchesRegex(R"((.|\n)*1000002/2000000 step, [1-4]?[0-9]\.[0-9]+ step/s, ETA [0-9]+h (.|\n)*)"));
}

TEST(Progress, DoesWithoutATotal) {
    StderrCapture capture(StderrCapture::Kind::file);
    Progress progress("scan", 0, "file");
    progress.update(7);
    progress.finish();
    EXPECT_EQ(capture.finish(), "scan 7 file, took 0 s\n");
}

TEST(Progress, NeverSaysMoreThanAll) {
    StderrCapture capture(StderrCapture::Kind::file);
    Progress progress("x", 1000);
    progress.update(999);
    progress.finish();
    Progress beyond("y", 10);
    beyond.update(11);
    beyond.finish();
    const std::string output = capture.finish();
    EXPECT_THAT(output, HasSubstr("x  99% 999/1000"));
    EXPECT_THAT(output, HasSubstr("y 100% 11/10"));
}

TEST(Progress, RedrawsOneLineOnATerminal) {
    StderrCapture capture(StderrCapture::Kind::terminal);
    {
        Progress progress("train", 100);
        for (int i = 1; i <= 50; ++i) progress.update(i, "loss 0.5");
    }
    const std::string output = capture.finish();
    EXPECT_EQ(line_breaks(output), 1);
    const std::string screen = shown_on_screen(output);
    EXPECT_THAT(screen, StartsWith("train  50% [##########..........] 50/100 step, "));
    EXPECT_THAT(screen, EndsWith(" loss 0.5\n"));
}

TEST(Progress, RedrawsAtMostFiveTimesASecond) {
    StderrCapture capture(StderrCapture::Kind::terminal);
    Progress progress("train", 100000);
    const auto start = std::chrono::steady_clock::now();
    int updates = 0;
    while (std::chrono::steady_clock::now() - start < 450ms) progress.update(++updates % 100000);
    progress.finish();
    const std::string output = capture.finish();
    // At the start, twice in 0.45 s, and at the end.
    EXPECT_LE(std::count(output.begin(), output.end(), '\r'), 4);
    EXPECT_GE(std::count(output.begin(), output.end(), '\r'), 3);
}

TEST(Progress, FitsIntoTheTerminal) {
    StderrCapture capture(StderrCapture::Kind::terminal, 40);
    Progress progress("train", 100);
    progress.update(1, std::string(500, 'x'));
    progress.finish();
    const std::string screen = shown_on_screen(capture.finish());
    EXPECT_EQ(screen.find('\n'), 39U) << screen; // one column less than there are: a full line would wrap
}

TEST(Progress, StaysBelowLogLines) {
    StderrCapture capture(StderrCapture::Kind::terminal);
    {
        Progress progress("train", 2);
        log_warning("slow disk");
        progress.update(2, "two\nlines");
    }
    EXPECT_THAT(shown_on_screen(capture.finish()),
                MatchesRegex("[0-9:]+ warning slow disk\ntrain 100% \\[#+\\] 2/2 step, took 0 s, two lines\n"));
}

TEST(Progress, IsPlainOnADumbTerminal) {
    const char* const old_kind = std::getenv("TERM");
    const std::string saved = old_kind == nullptr ? "" : old_kind;
    ::setenv("TERM", "dumb", 1);
    StderrCapture capture(StderrCapture::Kind::terminal);
    Progress("train", 2).finish();
    EXPECT_EQ(capture.finish(), "train   0% 0/2 step, took 0 s\n");
    if (old_kind == nullptr)
        ::unsetenv("TERM");
    else
        ::setenv("TERM", saved.c_str(), 1);
}

TEST(FormatDuration, PicksTwoUnits) {
    EXPECT_EQ(format_duration(0), "0 s");
    EXPECT_EQ(format_duration(12.4), "12 s");
    EXPECT_EQ(format_duration(59.6), "1m 00s"); // rounded before the unit is chosen
    EXPECT_EQ(format_duration(200), "3m 20s");
    EXPECT_EQ(format_duration(3599.4), "59m 59s");
    EXPECT_EQ(format_duration(3720), "1h 02m");
    EXPECT_EQ(format_duration(360000), "100h 00m");
}

TEST(FormatDuration, DoesNotInventOne) {
    EXPECT_EQ(format_duration(-1), "?");
    EXPECT_EQ(format_duration(std::numeric_limits<double>::infinity()), "?");
    EXPECT_EQ(format_duration(std::numeric_limits<double>::quiet_NaN()), "?");
    EXPECT_EQ(format_duration(1e300), "?");
}

TEST(CutToColumns, CountsCharactersAndKeepsThemWhole) {
    EXPECT_EQ(cut_to_columns("abc", 5), "abc");
    EXPECT_EQ(cut_to_columns("abc", 3), "abc");
    EXPECT_EQ(cut_to_columns("abc", 2), "ab");
    EXPECT_EQ(cut_to_columns("abc", 0), "");
    EXPECT_EQ(cut_to_columns("\xC3\xA9\xE2\x82\xAC!", 2), "\xC3\xA9\xE2\x82\xAC");
    EXPECT_EQ(cut_to_columns("\xC3\xA9\xE2\x82\xAC!", 1), "\xC3\xA9");
}

} // namespace
} // namespace banyan
