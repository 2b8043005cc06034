#include "core/stop_signal.h"

#include <csignal>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

/// Leaves the process's signal handling as it was.
class StopSignal : public testing::Test {
protected:
    void SetUp() override {
        sigaction(SIGINT, nullptr, &old_int_);
        sigaction(SIGTERM, nullptr, &old_term_);
        install_stop_handlers();
    }
    void TearDown() override {
        sigaction(SIGINT, &old_int_, nullptr);
        sigaction(SIGTERM, &old_term_, nullptr);
    }

private:
    struct sigaction old_int_ = {};
    struct sigaction old_term_ = {};
};

TEST_F(StopSignal, IsNotRequestedAtFirst) { EXPECT_EQ(stop_requested(), std::nullopt); }

TEST_F(StopSignal, RemembersTheSignal) {
    std::raise(SIGTERM);
    EXPECT_EQ(stop_requested(), SIGTERM);
    EXPECT_EQ(stop_requested(), SIGTERM);
}

TEST_F(StopSignal, IsForgottenByANewInstallation) {
    std::raise(SIGINT);
    EXPECT_EQ(stop_requested(), SIGINT);
    install_stop_handlers();
    EXPECT_EQ(stop_requested(), std::nullopt);
    std::raise(SIGINT);
    EXPECT_EQ(stop_requested(), SIGINT);
}

TEST_F(StopSignal, SecondSignalEndsTheProgramAtOnce) {
    testing::GTEST_FLAG(death_test_style) = "threadsafe";
    const auto twice = [](int first, int second) {
        install_stop_handlers();
        std::raise(first);
        std::raise(second);
    };
    EXPECT_EXIT(twice(SIGINT, SIGINT), testing::KilledBySignal(SIGINT), "");
    EXPECT_EXIT(twice(SIGINT, SIGTERM), testing::KilledBySignal(SIGTERM), "");
}

TEST(ExitCodeOfSignal, FollowsTheShell) {
    EXPECT_EQ(exit_code_of_signal(SIGINT), ExitCode::interrupted);
    EXPECT_EQ(exit_code_of_signal(SIGTERM), ExitCode::terminated);
    expect_error<CheckError>([] { exit_code_of_signal(SIGHUP); }, {"not a stop signal"});
}

} // namespace
} // namespace banyan
