#include "image/letterbox.h"

#include <gtest/gtest.h>

#include "image/resample.h"
#include "support/painted_image.h"

namespace banyan {
namespace {

TEST(LetterboxToARectangle, OfASquareIsTheLetterbox) {
    const Image picture = test::noise_image(70, 45, 3);
    LetterboxGeometry square, rectangle;
    const Image expected = letterbox(picture, 64, square), image = letterbox(picture, 64, 64, rectangle);
    EXPECT_EQ(image.rgb, expected.rgb);
    EXPECT_EQ(rectangle.scale, square.scale);
    EXPECT_NEAR(rectangle.pad_y, square.pad_y, 1e-4);
}

TEST(LetterboxToARectangle, PicturesAreCentredAndAsLargeAsFits) {
    for (const auto& [width, height] : {std::pair{64, 32}, std::pair{32, 64}, std::pair{96, 32}}) {
        Image picture = test::plain_image(100, 80, test::kBlue);
        const Box box{20, 20, 60, 50};
        test::paint(picture, box, test::kRed);
        LetterboxGeometry geometry;
        const Image image = letterbox(picture, width, height, geometry);
        ASSERT_EQ(image.width, width);
        ASSERT_EQ(image.height, height);
        EXPECT_FLOAT_EQ(geometry.scale, std::min(static_cast<float>(width) / 100, static_cast<float>(height) / 80));
        EXPECT_EQ(test::pixel(image, 0, 0), (test::Rgb{kPadGrey, kPadGrey, kPadGrey}));
        EXPECT_EQ(test::pixel(image, width - 1, height - 1), (test::Rgb{kPadGrey, kPadGrey, kPadGrey}));
        const Box back = geometry.to_original(test::extent_of(image, test::kRed));
        const float pixel = 1.1F / geometry.scale;
        EXPECT_NEAR(back.x0, box.x0, pixel);
        EXPECT_NEAR(back.y0, box.y0, pixel);
        EXPECT_NEAR(back.x1, box.x1, pixel);
        EXPECT_NEAR(back.y1, box.y1, pixel);
    }
}

} // namespace
} // namespace banyan
