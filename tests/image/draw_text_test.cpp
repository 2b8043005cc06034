#include "image/draw_text.h"

#include <string>

#include <gtest/gtest.h>

#include "support/painted_image.h"

namespace banyan {
namespace {

using test::extent_of;
using test::plain_image;

const LetterStyle kStyle{12, {255, 0, 0}};

TEST(DrawText, PutsTheUpperLeftCornerOfCapitalsWhereAsked) {
    Image image = plain_image(120, 40, {0, 0, 0});
    draw_text(image, 10, 8, "HEH", kStyle);
    const Box extent = extent_of(image, test::kRed);
    EXPECT_NEAR(extent.x0, 10, 2);
    EXPECT_NEAR(extent.y0, 8, 2);
    EXPECT_NEAR(extent.height(), 12, 2);
    EXPECT_NEAR(extent.width(), text_width("HEH", kStyle), 5);
}

TEST(DrawText, IsCutAtTheEdges) {
    Image image = plain_image(20, 10, {0, 0, 0});
    EXPECT_NO_THROW(draw_text(image, -30, -3, "long text that leaves the picture", kStyle));
    Image none;
    EXPECT_NO_THROW(draw_text(none, 0, 0, "text", kStyle));
}

TEST(ShortenedText, FitsItsWidth) {
    const std::string text = "a long name of a picture.jpg";
    EXPECT_EQ(shortened_text(text, 1000, kStyle), text);
    for (int width = 0; width < 300; width += 7) {
        const std::string line = shortened_text(text, width, kStyle);
        EXPECT_LE(text_width(line, kStyle), line.empty() ? 1000 : width);
        EXPECT_TRUE(line.empty() || line == text || line.ends_with("...")) << line;
    }
    EXPECT_EQ(shortened_text(text, 5, kStyle), "");
}

TEST(AsciiOf, ShowsOtherLettersAsQuestionMarks) {
    EXPECT_EQ(ascii_of("Gr\xC3\xBC\xC3\x9F"
                       "e\t"),
              "Gr??e?");
}

} // namespace
} // namespace banyan
