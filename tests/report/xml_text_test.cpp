#include "report/xml_text.h"

#include <gtest/gtest.h>

namespace banyan {
namespace {

TEST(EscapeXml, ReplacesTheFiveSpecialCharacters) {
    EXPECT_EQ(escape_xml("<a b=\"c\" d='e'>&amp;"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;");
}

TEST(EscapeXml, KeepsValidUnicodeAndWhiteSpace) {
    const std::string text = "tab\t line\n Ä € 日本 😀";
    EXPECT_EQ(escape_xml(text), text);
}

TEST(EscapeXml, ReplacesWhatXmlCannotHold) {
    const std::string mark = "\xEF\xBF\xBD";
    EXPECT_EQ(escape_xml(std::string("a\0b", 3)), "a" + mark + "b");
    EXPECT_EQ(escape_xml("\x1B[31m"), mark + "[31m");
    EXPECT_EQ(escape_xml("\xC3"), mark);                                  // cut off
    EXPECT_EQ(escape_xml("\xC0\xAF"), mark + mark);                       // overlong
    EXPECT_EQ(escape_xml("\xED\xA0\x80"), mark + mark + mark);            // surrogate
    EXPECT_EQ(escape_xml("\xEF\xBF\xBF"), mark + mark + mark);            // U+FFFF
    EXPECT_EQ(escape_xml("\xF4\x90\x80\x80"), mark + mark + mark + mark); // above U+10FFFF
}

TEST(CountCharacters, CountsCodePoints) {
    EXPECT_EQ(count_characters(""), 0U);
    EXPECT_EQ(count_characters("Ä€😀a"), 4U);
}

} // namespace
} // namespace banyan
