// docs/masking.md names the test that proves each statement: every one must be a test of this program.

#include <cstddef>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "core/atomic_file.h"

namespace banyan {
namespace {

/// "Isolation" of "Optimizers/Isolation", "KeepsEveryBit" of "KeepsEveryBit/AdamW".
std::string plain_suite(const std::string& name) { return name.substr(name.find('/') + 1); } // npos + 1 = 0
std::string plain_case(const std::string& name) { return name.substr(0, name.find('/')); }

std::set<std::string> tests_of_this_program() {
    std::set<std::string> names;
    const testing::UnitTest& program = *testing::UnitTest::GetInstance();
    for (int s = 0; s < program.total_test_suite_count(); ++s) {
        const testing::TestSuite& suite = *program.GetTestSuite(s);
        for (int t = 0; t < suite.total_test_count(); ++t) {
            names.insert(plain_suite(suite.name()) + "." + plain_case(suite.GetTestInfo(t)->name()));
        }
    }
    return names;
}

TEST(MaskingDocs, NameOnlyTestsThatExist) {
    const std::string text = read_file(std::string(BANYAN_SOURCE_DIR) + "/docs/masking.md");
    const std::set<std::string> tests = tests_of_this_program();
    const std::regex in_quotes("`([A-Z]\\w+\\.[A-Z]\\w+)`");
    std::size_t count = 0;
    for (std::sregex_iterator match(text.begin(), text.end(), in_quotes), end; match != end; ++match, ++count) {
        EXPECT_TRUE(tests.contains((*match)[1])) << "docs/masking.md: no test is named " << (*match)[1];
    }
    EXPECT_GT(count, 30U);
}

} // namespace
} // namespace banyan
