#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "process.h"
#include "support/temp_dir.h"

namespace banyan::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(Demo, TrainsMaskedAndNaiveAndReports) {
    const TempDir dir;
    const std::string out = dir.path() + "/demo";
    const std::vector<std::string> command{"demo", "--out", out, "--pictures", "6", "--steps", "2", "--json"};
    const Outcome outcome = banyan(command);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json result = json::parse(outcome.out);
    for (const char* training : {"masked", "naive"}) {
        for (const char* task : {"person", "face", "hand"}) {
            EXPECT_TRUE(result.at("ap50").at(training).at(task).is_number()) << training << " " << task;
        }
    }
    for (const char* stage : {"data", "masked", "naive", "detect"}) {
        EXPECT_GT(result.at("seconds").at(stage).get<double>(), 0) << stage;
    }
    const std::string report = read_file(out + "/report.html");
    EXPECT_THAT(report, HasSubstr("data:image/jpeg;base64,"));
    EXPECT_THAT(report, HasSubstr("Masked against naive training"));
    EXPECT_TRUE(std::filesystem::exists(out + "/pictures/0.jpg"));

    const Outcome again = banyan(command); // everything is there: nothing is trained anew, the result is the same
    ASSERT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(json::parse(again.out).at("ap50"), result.at("ap50"));
}

TEST(Demo, RefusesMaskedBesideNaive) {
    const Outcome outcome = banyan({"demo", "--masked", "--naive"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("exclude each other"));
}

} // namespace
} // namespace banyan::test
