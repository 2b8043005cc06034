#include "core/error.h"

#include <new>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/check.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

TEST(FormatError, SaysWhereWhatExpectedFoundAndNextStepInThisOrder) {
    EXPECT_EQ(format_error({"a.json:/lr", "wrong value", "a number", "true", "write 0.1"}),
              "a.json:/lr: wrong value; expected a number, found true; write 0.1");
}

TEST(FormatError, LeavesEmptyPartsOut) {
    EXPECT_EQ(format_error({"", "unknown key", "", "", ""}), "unknown key");
    EXPECT_EQ(format_error({"a.json", "", "", "", ""}), "a.json");
    EXPECT_EQ(format_error({"a.json", "bad", "", "", ""}), "a.json: bad");
    EXPECT_EQ(format_error({"a.json", "", "a list", "", ""}), "a.json: expected a list");
    EXPECT_EQ(format_error({"a.json", "bad", "", "3", ""}), "a.json: bad; found 3");
    EXPECT_EQ(format_error({"a.json", "bad", "4", "", "try 4"}), "a.json: bad; expected 4; try 4");
    EXPECT_EQ(format_error({"", "", "", "", ""}), "");
}

TEST(FormatError, MakesOneLineOfControlCharactersAndKeepsUtf8) {
    EXPECT_EQ(format_error({"a\nb", "c\r\nd", "e\tf", "\x1b[31m", "\xC3\xA9\x7f"}),
              "a b: c  d; expected e f, found  [31m; \xC3\xA9 ");
}

TEST(Error, IsOneLineForAPlainTextToo) { EXPECT_STREQ(DataError("first\nsecond").what(), "first second"); }

TEST(ExitCodeOf, FollowsTheDocumentedTable) {
    EXPECT_EQ(exit_code_of(ConfigError("")), ExitCode::usage);
    EXPECT_EQ(exit_code_of(UsageError("")), ExitCode::usage);
    EXPECT_EQ(exit_code_of(DataError("")), ExitCode::data);
    EXPECT_EQ(exit_code_of(ModelFileError("")), ExitCode::model_file);
    EXPECT_EQ(exit_code_of(IoError("")), ExitCode::io);
    EXPECT_EQ(exit_code_of(NumericError("")), ExitCode::non_finite);
    EXPECT_EQ(exit_code_of(MemoryError("")), ExitCode::memory);
    EXPECT_EQ(exit_code_of(GateError("")), ExitCode::gate_not_met);
    EXPECT_EQ(exit_code_of(ShapeError("")), ExitCode::internal);
    EXPECT_EQ(exit_code_of(CheckError("")), ExitCode::internal);
    EXPECT_EQ(exit_code_of(std::bad_alloc()), ExitCode::memory);
    EXPECT_EQ(exit_code_of(std::out_of_range("")), ExitCode::internal);
    EXPECT_EQ(static_cast<int>(ExitCode::interrupted), 130);
    EXPECT_EQ(static_cast<int>(ExitCode::terminated), 143);
}

TEST(Check, ThrowsItsPartsOnlyWhenBroken) {
    const auto check = [](int count) { BANYAN_CHECK(count > 0, "count must be positive, got ", count, '!'); };
    EXPECT_NO_THROW(check(1));
    expect_error<CheckError>([&] { check(-3); }, {"count must be positive, got -3!"});
}

TEST(Check, DoesNotBuildItsMessageWithoutNeed) {
    int built = 0;
    const auto message = [&built] { return std::to_string(++built); };
    BANYAN_CHECK(true, message());
    EXPECT_EQ(built, 0);
}

TEST(Check, IsOneStatement) {
    const auto branch = [](bool checked) {
        if (checked)
            BANYAN_CHECK(false, "checked");
        else
            return 2;
        return 1;
    };
    EXPECT_EQ(branch(false), 2);
    expect_error<CheckError>([&] { branch(true); }, {"checked"});
}

TEST(Assert, ChecksOnlyWhereAssertsAreBuiltIn) {
    const auto broken = [] { BANYAN_ASSERT(1 + 1 == 3, "sum"); };
#ifdef BANYAN_ASSERTS
    expect_error<CheckError>(broken, {"internal: sum"});
#else
    EXPECT_NO_THROW(broken());
#endif
}

} // namespace
} // namespace banyan
