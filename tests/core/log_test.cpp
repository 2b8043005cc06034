#include "core/log.h"

#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/stderr_lines.h"
#include "stderr_capture.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan {
namespace {

using test::shown_on_screen;
using test::StderrCapture;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

/// Leaves the process's log as it was.
class Log : public testing::Test {
protected:
    void TearDown() override {
        set_log_level(LogLevel::info);
        set_log_file("");
    }
    TempDir dir_;
};

TEST_F(Log, WritesTimeLevelAndMessage) {
    StderrCapture capture(StderrCapture::Kind::file);
    set_log_level(LogLevel::debug);
    log_debug("d");
    log_info("one");
    log_warning("two");
    log_error("three");
    const std::vector<std::string> lines = lines_of(capture.finish());
    ASSERT_EQ(lines.size(), 4U);
    const std::string time = "[0-9][0-9]:[0-9][0-9]:[0-9][0-9] ";
    EXPECT_THAT(lines[0], MatchesRegex(time + "debug d"));
    EXPECT_THAT(lines[1], MatchesRegex(time + "info one"));
    EXPECT_THAT(lines[2], MatchesRegex(time + "warning two"));
    EXPECT_THAT(lines[3], MatchesRegex(time + "error three"));
}

TEST_F(Log, LeavesOutWhatIsBelowTheLevel) {
    StderrCapture capture(StderrCapture::Kind::file);
    log_debug("hidden by default");
    set_log_level(LogLevel::warning);
    log_info("hidden");
    log_warning("shown");
    set_log_level(LogLevel::error);
    log_warning("hidden");
    set_log_level(LogLevel::off);
    log_error("hidden");
    const std::string output = capture.finish();
    EXPECT_THAT(output, Not(HasSubstr("hidden")));
    EXPECT_THAT(output, HasSubstr("shown"));
}

TEST_F(Log, TakesMessagesLiterallyAndOnOneLine) {
    StderrCapture capture(StderrCapture::Kind::file);
    log_info("{} %s {0}\nnext");
    EXPECT_THAT(capture.finish(), HasSubstr("info {} %s {0} next\n"));
}

TEST_F(Log, AppendsToAFileAtOnceUntilStopped) {
    const std::string path = dir_.file("runs/a/run.log");
    StderrCapture capture(StderrCapture::Kind::file);
    set_log_file(path);
    log_info("first");
    EXPECT_THAT(read_file(path), HasSubstr("first\n"));
    set_log_file("");
    log_info("unheard");
    set_log_file(path);
    log_info("second");
    set_log_file(dir_.file("other.log"));
    log_info("elsewhere");
    const std::vector<std::string> lines = lines_of(read_file(path));
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_THAT(lines[0], MatchesRegex("[0-9]+-[0-9]+-[0-9]+ [0-9]+:[0-9]+:[0-9]+ info first"));
    EXPECT_THAT(lines[1], HasSubstr("info second"));
    EXPECT_THAT(read_file(dir_.file("other.log")), HasSubstr("elsewhere"));
    EXPECT_EQ(lines_of(capture.finish()).size(), 4U);
}

TEST_F(Log, KeepsTheOldFileWhenANewOneCannotBeOpened) {
    set_log_file(dir_.file("a.log"));
    expect_error<IoError>([&] { set_log_file(dir_.path()); }, {dir_.path(), "cannot open the log file"});
    StderrCapture capture(StderrCapture::Kind::file);
    log_info("still here");
    EXPECT_THAT(read_file(dir_.file("a.log")), HasSubstr("still here"));
}

TEST_F(Log, ReportsAFullDiskAndGoesOn) {
    StderrCapture capture(StderrCapture::Kind::file);
    set_log_file("/dev/full");
    EXPECT_NO_THROW(log_info("important"));
    const std::string output = capture.finish();
    EXPECT_THAT(output, HasSubstr("info important\n"));
    EXPECT_THAT(output, HasSubstr("log file: "));
}

TEST_F(Log, NeverMixesLinesOfThreads) {
    constexpr int kThreads = 8;
    constexpr int kLines = 200;
    StderrCapture capture(StderrCapture::Kind::file);
    set_log_file(dir_.file("a.log"));
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([t] {
            for (int i = 0; i < kLines; ++i) log_info(std::string(50, static_cast<char>('a' + t)));
        });
    }
    for (int i = 0; i < 50; ++i) set_log_file(dir_.file(i % 2 == 0 ? "b.log" : "a.log"));
    for (std::thread& thread : threads) thread.join();
    set_log_file("");
    const std::vector<std::string> lines = lines_of(capture.finish());
    ASSERT_EQ(lines.size(), static_cast<std::size_t>(kThreads * kLines));
    const std::regex whole("[0-9:]{8} info (.)\\1{49}");
    for (const std::string& line : lines) ASSERT_TRUE(std::regex_match(line, whole)) << line;
}

TEST_F(Log, DoesNotTearAStatusLine) {
    StderrCapture capture(StderrCapture::Kind::terminal);
    stderr_lines::show_status("working 10%");
    log_warning("careful");
    stderr_lines::show_status("working 9");
    log_warning("again");
    stderr_lines::end_status("done");
    log_warning("after");
    const std::vector<std::string> lines = lines_of(shown_on_screen(capture.finish()));
    ASSERT_EQ(lines.size(), 4U);
    EXPECT_THAT(lines[0], MatchesRegex("[0-9:]+ warning careful"));
    EXPECT_THAT(lines[1], MatchesRegex("[0-9:]+ warning again"));
    EXPECT_EQ(lines[2], "done");
    EXPECT_THAT(lines[3], MatchesRegex("[0-9:]+ warning after"));
}

} // namespace
} // namespace banyan
