#include "data/list_file.h"

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

const std::vector<ListColumn> kColumns = {{"image"}, {"class"}, {"box", true, false}};

std::vector<ListRow> rows_of(const std::string& text) {
    DataProblems problems;
    std::vector<ListRow> rows = parse_list(text, "a", kColumns, problems);
    problems.throw_if_any();
    return rows;
}

std::string fault_of(const std::string& text) {
    return data_fault([&] { rows_of(text); });
}

TEST(ParseList, ReadsCsvWithColumnsInAnyOrder) {
    const auto rows = rows_of("class,box,image\nface,1 2.5  3 -4,a.png\n\"a,b\",,c\n");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_THAT(rows[0].texts, ElementsAre("a.png", "face", ""));
    EXPECT_THAT(rows[0].numbers[2], ElementsAre(1, 2.5, 3, -4));
    EXPECT_EQ(rows[1].where, "a:3");
    EXPECT_THAT(rows[1].texts, ElementsAre("c", "a,b", ""));
    EXPECT_THAT(rows[1].numbers[2], IsEmpty());
    EXPECT_EQ(rows_of("image,class\na,b\n").size(), 1U); // "box" need not be there
}

TEST(ParseList, ReadsJson) {
    const auto rows = rows_of(R"( [{"class": "face", "image": "a.png", "box": [1, 2.5, 3, -4]},
                                   {"image": "c", "class": "d"}] )");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_THAT(rows[0].texts, ElementsAre("a.png", "face", ""));
    EXPECT_THAT(rows[0].numbers[2], ElementsAre(1, 2.5, 3, -4));
    EXPECT_EQ(rows[1].where, "a:/1");
    EXPECT_THAT(rows_of("[]"), IsEmpty());
}

TEST(ParseList, FaultsOfCsvAreLocated) {
    EXPECT_THAT(fault_of(""), HasSubstr("a: empty list; expected a first line \"image, class, box\""));
    EXPECT_THAT(fault_of("imge,class\n"), AllOf(HasSubstr("a:1: unknown column \"imge\""),
                                                HasSubstr("did you mean \"image\""), HasSubstr("no column \"image\"")));
    EXPECT_THAT(fault_of("image,class,image\n"), HasSubstr("named twice"));
    EXPECT_THAT(fault_of("image,class\na,\n"), HasSubstr("a:2: empty class"));
    EXPECT_THAT(fault_of("image,class,box\na,b,1 x\n"), AllOf(HasSubstr("a:2: wrong box"), HasSubstr("\"x\"")));
}

TEST(ParseList, FaultsOfJsonAreLocated) {
    EXPECT_THAT(fault_of("{}"), HasSubstr("a list of objects"));
    EXPECT_THAT(fault_of("[{]"), HasSubstr("a:1:"));
    EXPECT_THAT(fault_of("[1]"), HasSubstr("a:/0: wrong entry"));
    EXPECT_THAT(fault_of(R"([{"image": "a"}])"), HasSubstr("a:/0: no key \"class\""));
    EXPECT_THAT(fault_of(R"([{"image": "a", "clas": "b", "class": ""}])"),
                AllOf(HasSubstr("unknown key \"clas\""), HasSubstr("did you mean \"class\""),
                      HasSubstr("a:/0/class: wrong value")));
    EXPECT_THAT(fault_of(R"([{"image": "a", "class": "b", "box": [1, "2"]}])"), HasSubstr("a:/0/box: wrong value"));
    EXPECT_THAT(fault_of(R"([{"image": "a", "class": "b", "class": "c"}])"), HasSubstr("duplicate key"));
}

} // namespace
} // namespace banyan
