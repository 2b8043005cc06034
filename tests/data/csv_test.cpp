#include "data/csv.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data_faults.h"

namespace banyan {
namespace {

using test::data_fault;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(const std::string& text, DataProblems& problems) {
    CsvReader reader(text, "a.csv", problems);
    Rows rows;
    for (std::vector<std::string> fields; reader.next(fields);) rows.push_back(fields);
    return rows;
}

Rows sound_rows(const std::string& text) {
    DataProblems problems;
    Rows rows = rows_of(text, problems);
    problems.throw_if_any();
    return rows;
}

std::string fault_of(const std::string& text) {
    return data_fault([&] { sound_rows(text); });
}

TEST(CsvReader, SplitsLinesAndFields) {
    EXPECT_EQ(sound_rows("a,b\n1,2\n"), (Rows{{"a", "b"}, {"1", "2"}}));
    EXPECT_EQ(sound_rows("a,b\r\n1, 2\r\n"), (Rows{{"a", "b"}, {"1", " 2"}}));
    EXPECT_EQ(sound_rows("a,b\n,"), (Rows{{"a", "b"}, {"", ""}}));
    EXPECT_EQ(sound_rows("\xEF\xBB\xBF\n\na\n\r\nb"), (Rows{{"a"}, {"b"}}));
    EXPECT_EQ(sound_rows("a\r"), (Rows{{"a"}}));
    EXPECT_THAT(sound_rows(""), IsEmpty());
}

TEST(CsvReader, QuotedFieldsHoldCommasQuotesAndLineBreaks) {
    EXPECT_EQ(sound_rows("\"a,\"\"b\"\"\r\nc\",d\r\n\"\",\"x\""), (Rows{{"a,\"b\"\r\nc", "d"}, {"", "x"}}));
}

TEST(CsvReader, TellsTheFirstLineOfEachRow) {
    DataProblems problems;
    const std::string text = "a,b\n\"1\n1\",2\n\n3,4";
    CsvReader reader(text, "a.csv", problems);
    std::vector<std::string> fields, places;
    while (reader.next(fields)) places.push_back(reader.where());
    EXPECT_THAT(places, ElementsAre("a.csv:1", "a.csv:2", "a.csv:5"));
}

TEST(CsvReader, FaultyRowsAreReportedAndLeftOut) {
    DataProblems problems;
    EXPECT_EQ(rows_of("a,b\n1\n1,2,3\nx\"y,2\n\"1\"2,3\n5,6\n", problems), (Rows{{"a", "b"}, {"5", "6"}}));
    EXPECT_EQ(problems.count(), 4U);
    EXPECT_THAT(data_fault([&] { problems.throw_if_any(); }),
                AllOf(HasSubstr("a.csv:2: wrong number of fields; expected 2, found 1"), HasSubstr("a.csv:3: wrong"),
                      HasSubstr("a.csv:4: a quote inside a field"), HasSubstr("a.csv:5: text behind a quoted field")));
    EXPECT_THAT(fault_of("a,b\n\"1,2\n3,4\n"), HasSubstr("a.csv:2: a quoted field does not end"));
}

} // namespace
} // namespace banyan
