#include "data/transforms.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "support/painted_image.h"
#include "support/random_boxes.h"

namespace banyan {
namespace {

using test::extent_of;
using test::kBlue;
using test::kRed;
using test::noise_image;
using test::paint;
using test::pixel;
using test::plain_image;
using test::Rgb;

TransformOptions all_off() {
    TransformOptions options;
    options.flip = options.brightness = options.contrast = options.saturation = options.hue_degrees = 0;
    options.scale_low = options.scale_high = 1;
    return options;
}

const ClassTable& hands() {
    static const ClassTable table({{"left_hand", {"left_hand"}}, {"right_hand", {"right_hand"}}, {"face", {"face"}}});
    return table;
}

TransformOptions parse(const char* text) {
    ConfigReader reader = ConfigReader::from_text(text, "a.json");
    return parse_transforms(reader, hands());
}

RowPictures only(const Image& image, const Labels& labels) {
    return {{std::make_shared<const Image>(image), &labels}, nullptr};
}

TEST(ParseTransforms, ReadsEachMember) {
    const TransformOptions options =
        parse(R"({"flip": 0.1, "scale_low": 0.2, "scale_high": 3, "rotate_degrees": 12, "shear_degrees": 13,
                  "brightness": 0.4, "contrast": 0.5, "saturation": 0.6, "hue_degrees": 7, "min_visible": 0.8,
                  "min_side_px": 9, "mosaic": 0.3, "mosaic_scale": 0.9, "copy_paste": 0.35, "mixup": 0.15,
                  "partners": "any", "close_augmentation_after": 77, "flip_pairs": [["left_hand", "right_hand"]]})");
    EXPECT_EQ(options.flip, 0.1);
    EXPECT_EQ(options.scale_low, 0.2);
    EXPECT_EQ(options.scale_high, 3);
    EXPECT_EQ(options.brightness, 0.4);
    EXPECT_EQ(options.contrast, 0.5);
    EXPECT_EQ(options.saturation, 0.6);
    EXPECT_EQ(options.hue_degrees, 7);
    EXPECT_EQ(options.min_visible, 0.8);
    EXPECT_EQ(options.min_side_px, 9);
    EXPECT_EQ(options.rotate_degrees, 12);
    EXPECT_EQ(options.shear_degrees, 13);
    EXPECT_EQ(options.mosaic, 0.3);
    EXPECT_EQ(options.mosaic_scale, 0.9);
    EXPECT_EQ(options.copy_paste, 0.35);
    EXPECT_EQ(options.mixup, 0.15);
    EXPECT_EQ(options.partners, PartnerSource::any);
    EXPECT_EQ(options.close_augmentation_after, 77);
    EXPECT_EQ(options.mirrored_class, (std::vector<int>{1, 0, 2}));
}

TEST(ParseTransforms, RefusesBadValues) {
    parse("{}");
    expect_error<ConfigError>([&] { parse(R"({"flip": 1.5})"); }, {"a.json:/flip"});
    expect_error<ConfigError>([&] { parse(R"({"brightness": 1})"); }, {"a.json:/brightness"});
    expect_error<ConfigError>([&] { parse(R"({"flipp": 1})"); }, {"a.json:/flipp", "did you mean \"flip\""});
    expect_error<ConfigError>([&] { parse(R"({"scale_low": 2})"); }, {"a.json:/scale_high", "scale_low = 2", "1.6"});
    expect_error<ConfigError>([&] { parse(R"({"partners": "all"})"); }, {"a.json:/partners", "\"same\""});
}

TEST(ParseTransforms, RefusesPairsThatDoNotMatchTheClasses) {
    const auto pairs = [](const std::string& list) { parse(("{\"flip_pairs\": " + list + "}").c_str()); };
    pairs("[]");
    expect_error<ConfigError>([&] { pairs(R"([["left_hand"]])"); }, {"a.json:/flip_pairs/0", "two non-empty texts"});
    expect_error<ConfigError>([&] { pairs(R"([["left_hnd", "right_hand"]])"); },
                              {"a.json:/flip_pairs/0", "left_hnd", "did you mean \"left_hand\""});
    expect_error<ConfigError>([&] { pairs(R"([["face", "face"]])"); }, {"a.json:/flip_pairs/0", "itself"});
    expect_error<ConfigError>([&] { pairs(R"([["left_hand", "right_hand"], ["face", "right_hand"]])"); },
                              {"a.json:/flip_pairs/1", "\"right_hand\" is in two pairs"});
}

TEST(RestrictTransforms, KeepsWholePairsUnderTheirNewIds) {
    const TransformOptions options = parse(R"({"flip_pairs": [["left_hand", "right_hand"]]})");
    const ClassTable reordered({{"face", {"face"}}, {"right_hand", {"right_hand"}}, {"left_hand", {"left_hand"}}});
    const TransformOptions kept = restrict_transforms(options, reordered);
    EXPECT_EQ(kept.mirrored_class, (std::vector<int>{0, 2, 1}));
    EXPECT_EQ(kept.flip, options.flip);
}

TEST(RestrictTransforms, TurnsFlipsOffWhenAPairLosesOneClass) {
    const TransformOptions options = parse(R"({"flip_pairs": [["left_hand", "right_hand"]]})");
    const TransformOptions broken =
        restrict_transforms(options, ClassTable(std::vector<Task>{{"left_hand", {"left_hand"}}}));
    EXPECT_EQ(broken.flip, 0);
    EXPECT_TRUE(broken.flip_pairs.empty());
    EXPECT_TRUE(broken.mirrored_class.empty());
    const TransformOptions without = restrict_transforms(options, ClassTable(std::vector<Task>{{"face", {"face"}}}));
    EXPECT_EQ(without.flip, options.flip);
}

TEST(TransformsAt, CloseCompositionAtTheirBatch) {
    TransformOptions options;
    options.mosaic = options.copy_paste = options.mixup = 0.5;
    EXPECT_EQ(transforms_at(options, 1'000'000).mosaic, 0.5);
    options.close_augmentation_after = 10;
    EXPECT_EQ(transforms_at(options, 9).mixup, 0.5);
    const TransformOptions closed = transforms_at(options, 10);
    EXPECT_EQ(closed.mosaic, 0);
    EXPECT_EQ(closed.copy_paste, 0);
    EXPECT_EQ(closed.mixup, 0);
    EXPECT_EQ(closed.flip, options.flip);
}

TEST(TransformRandomly, ChangesNothingWhenAllIsOff) {
    const Image image = noise_image(64, 64, 1);
    const Labels labels{{{{1, 2, 30, 40}, 0}}, {}, {LabelState::exhaustive}, {}};
    Image target(64, 64);
    Random random(2);
    const Labels placed = transform_randomly(only(image, labels), 64, all_off(), random, target.rgb.data());
    EXPECT_EQ(target.rgb, image.rgb);
    ASSERT_EQ(placed.boxes.size(), 1U);
    EXPECT_EQ(placed.boxes[0].box, labels.boxes[0].box);
}

TEST(TransformRandomly, LabelsFollowTheDrawnPicture) {
    TransformOptions options;
    options.hue_degrees = 3;
    options.saturation = options.brightness = options.contrast = 0.1;
    Random random(3);
    const Box box{60, 40, 160, 120};
    Image image = plain_image(240, 180, kBlue);
    paint(image, box, kRed);
    const Labels labels{{{box, 0}}, {}, {LabelState::exhaustive}, {}};
    for (int i = 0; i < 100; ++i) {
        Image target(96, 96);
        const Labels placed = transform_randomly(only(image, labels), 96, options, random, target.rgb.data());
        ASSERT_EQ(placed.boxes.size() + placed.ignore.size(), 1U);
        const Box expected = placed.boxes.empty() ? bounds(placed.ignore[0].area) : placed.boxes[0].box;
        const Box found = extent_of(target, kRed);
        EXPECT_NEAR(found.x0, expected.x0, 1);
        EXPECT_NEAR(found.y0, expected.y0, 1);
        EXPECT_NEAR(found.x1, expected.x1, 1);
        EXPECT_NEAR(found.y1, expected.y1, 1);
    }
}

TEST(TransformRandomly, LeavesTheGreyBesideThePictureAlone) {
    TransformOptions options = all_off();
    options.brightness = 0.5;
    Random random(4);
    const Image image = plain_image(100, 50, {200, 200, 200});
    Image target(100, 100);
    const Labels labels;
    transform_randomly(only(image, labels), 100, options, random, target.rgb.data());
    EXPECT_EQ(pixel(target, 50, 10), (Rgb{kPadGrey, kPadGrey, kPadGrey}));
    EXPECT_NE(pixel(target, 50, 50), (Rgb{200, 200, 200}));
    EXPECT_EQ(pixel(target, 50, 90), (Rgb{kPadGrey, kPadGrey, kPadGrey}));
}

TEST(TransformRandomly, IsAFunctionOfTheRandomNumbers) {
    const Image image = noise_image(80, 60, 5);
    const Labels labels;
    const auto run = [&](std::uint64_t seed) {
        Image target(64, 64);
        Random random(seed);
        transform_randomly(only(image, labels), 64, TransformOptions{}, random, target.rgb.data());
        return target.rgb;
    };
    EXPECT_EQ(run(6), run(6));
    EXPECT_NE(run(6), run(7));
}

TEST(Letterbox, GeometryTellsWhereThePictureLies) {
    const Box box{100, 30, 300, 180};
    Image image = plain_image(500, 333, kBlue);
    paint(image, box, kRed);
    LetterboxGeometry geometry;
    const Image square = letterbox(image, 320, geometry);
    EXPECT_EQ(square.width, 320);
    EXPECT_EQ(square.height, 320);
    EXPECT_FLOAT_EQ(geometry.scale, 0.64F);
    EXPECT_EQ(geometry.pad_x, 0);
    EXPECT_FLOAT_EQ(geometry.pad_y, (320 - 0.64F * 333) / 2);
    EXPECT_EQ(pixel(square, 160, 52), (Rgb{kPadGrey, kPadGrey, kPadGrey}));
    const Box found = extent_of(square, kRed);
    const Box expected = geometry.from_original(box);
    EXPECT_NEAR(found.x0, expected.x0, 1);
    EXPECT_NEAR(found.y0, expected.y0, 1);
    EXPECT_NEAR(found.x1, expected.x1, 1);
    EXPECT_NEAR(found.y1, expected.y1, 1);
}

TEST(Letterbox, BoxesGoThereAndBack) {
    LetterboxGeometry geometry;
    letterbox(noise_image(333, 500, 8), 320, geometry);
    for (const Box& box : random_boxes(200, 9, 333, 500)) {
        const Box back = geometry.to_original(geometry.from_original(box));
        EXPECT_NEAR(back.x0, box.x0, 1e-3);
        EXPECT_NEAR(back.y0, box.y0, 1e-3);
        EXPECT_NEAR(back.x1, box.x1, 1e-3);
        EXPECT_NEAR(back.y1, box.y1, 1e-3);
    }
}

} // namespace
} // namespace banyan
