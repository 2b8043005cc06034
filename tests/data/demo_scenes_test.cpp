#include "data/demo_scenes.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "core/error.h"
#include "data/demo_canvas.h"
#include "data/demo_shapes.h"
#include "support/expect_error.h"
#include "support/painted_image.h"

namespace banyan {
namespace {

using demo::Canvas;
using demo::Frame;
using demo::Owner;
using demo::Visible;

constexpr Owner kPart = demo::kPartsPerFigure; // figure 1, part 0
constexpr int kSide = 128;

demo::Polygon square(double x0, double y0, double x1, double y1) { return demo::rectangle(Frame{}, x0, y0, x1, y1); }
demo::Paint red() { return demo::flat({255, 0, 0}, 1); }

TEST(DemoCanvas, BoxIsTightToThePaintedPixels) {
    Canvas canvas(kSide);
    canvas.fill(demo::ellipse(Frame{}, {50, 60}, 20, 11), red(), kPart);
    const Visible visible = canvas.visible_part(kPart);
    const Box painted = test::extent_of(canvas.picture(), {255, 0, 0});
    EXPECT_NEAR(visible.box.x0, painted.x0, 1);
    EXPECT_NEAR(visible.box.y0, painted.y0, 1);
    EXPECT_NEAR(visible.box.x1, painted.x1, 1);
    EXPECT_NEAR(visible.box.y1, painted.y1, 1);
    // Half a pixel of soft edge all around an outline of 99 px is the most that may be added.
    EXPECT_NEAR(static_cast<double>(visible.pixels) / 4, 3.14159 * 20 * 11, 50);
    EXPECT_DOUBLE_EQ(visible.share(), 1.0);
}

TEST(DemoCanvas, WhatIsCoveredLeavesTheBox) {
    Canvas canvas(kSide);
    canvas.fill(square(20, 20, 60, 60), red(), kPart);
    canvas.fill(square(40, 10, 80, 80), demo::flat({0, 0, 255}, 1), demo::kScene);
    const Visible visible = canvas.visible_part(kPart);
    EXPECT_NEAR(visible.box.x0, 20, 0.51);
    EXPECT_NEAR(visible.box.x1, 40, 0.51);
    EXPECT_NEAR(visible.box.y1, 60, 0.51);
    EXPECT_NEAR(visible.share(), 0.5, 0.03);
}

TEST(DemoCanvas, WhatLeavesThePictureCountsAsHidden) {
    Canvas canvas(kSide);
    canvas.fill(square(-10, 30, 10, 50), red(), kPart);
    const Visible visible = canvas.visible_part(kPart);
    EXPECT_FLOAT_EQ(visible.box.x0, 0);
    EXPECT_NEAR(visible.share(), 0.5, 0.05);
}

TEST(DemoCanvas, FullyCoveredPartHasNoBox) {
    Canvas canvas(kSide);
    canvas.fill(square(20, 20, 30, 30), red(), kPart);
    canvas.fill(square(10, 10, 40, 40), red(), demo::kScene);
    EXPECT_EQ(canvas.visible_part(kPart).pixels, 0);
    EXPECT_EQ(canvas.visible_part(kPart).box, Box{});
    EXPECT_GT(canvas.visible_part(kPart).drawn, 0);
}

TEST(DemoCanvas, FigureIsTheUnionOfItsPartsCountedOnce) {
    Canvas canvas(kSide);
    canvas.fill(square(20, 20, 60, 60), red(), kPart);
    canvas.fill(square(50, 30, 70, 40), red(), kPart + 1);
    const Visible figure = canvas.visible_figure(1);
    EXPECT_NEAR(figure.box.x0, 20, 0.51);
    EXPECT_NEAR(figure.box.x1, 70, 0.51);
    EXPECT_DOUBLE_EQ(figure.share(), 1.0);
    EXPECT_NEAR(canvas.visible_part(kPart).share(), 1500.0 / 1600, 0.01);
}

TEST(DemoCanvas, TintChangesColoursButNoOwner) {
    Canvas canvas(kSide);
    canvas.fill(square(20, 20, 60, 60), red(), kPart);
    const Visible before = canvas.visible_part(kPart);
    canvas.tint(square(0, 0, 128, 128), demo::flat({0, 0, 0}, 1));
    EXPECT_EQ(canvas.visible_part(kPart).pixels, before.pixels);
    EXPECT_EQ(test::pixel(canvas.picture(), 40, 40), (test::Rgb{0, 0, 0}));
}

TEST(DemoCanvas, RefusesALine) {
    Canvas canvas(kSide);
    expect_error<CheckError>([&] { canvas.fill({{0, 0}, {5, 5}}, red(), kPart); }, {"three corners", "got 2"});
}

TEST(DrawDemoScene, SameSeedGivesTheSameBytes) {
    const DemoScene first = draw_demo_scene(7, 3, kSide);
    const DemoScene second = draw_demo_scene(7, 3, kSide);
    EXPECT_EQ(first.image.rgb, second.image.rgb);
    ASSERT_EQ(first.boxes.size(), second.boxes.size());
    for (std::size_t i = 0; i < first.boxes.size(); ++i) EXPECT_EQ(first.boxes[i].box, second.boxes[i].box);
}

TEST(DrawDemoScene, OtherIndexOrSeedGivesAnotherPicture) {
    const DemoScene scene = draw_demo_scene(7, 3, kSide);
    EXPECT_NE(scene.image.rgb, draw_demo_scene(7, 4, kSide).image.rgb);
    EXPECT_NE(scene.image.rgb, draw_demo_scene(8, 3, kSide).image.rgb);
}

TEST(DrawDemoScene, BoxesLieInsideThePictureAndAreLargeEnough) {
    for (std::uint64_t index = 0; index < 20; ++index) {
        const DemoScene scene = draw_demo_scene(1, index, kSide);
        ASSERT_EQ(scene.image.width, kSide);
        ASSERT_EQ(scene.image.height, kSide);
        for (const LabelledBox& label : scene.boxes) {
            EXPECT_EQ(label.box, clip(label.box, kSide, kSide));
            EXPECT_GE(std::min(label.box.width(), label.box.height()), kDemoSeenPx);
            EXPECT_TRUE(label.class_id >= 0 && label.class_id < demo_classes().size());
        }
        for (const IgnoreRegion& region : scene.ignore) EXPECT_GT(bounds(region.area).area(), 0);
    }
}

TEST(DrawDemoScene, EveryPartLiesInsideAPerson) {
    for (std::uint64_t index = 0; index < 20; ++index) {
        const DemoScene scene = draw_demo_scene(2, index, kSide);
        std::vector<Box> people;
        for (const LabelledBox& label : scene.boxes) {
            if (label.class_id == kDemoPerson) people.push_back(label.box);
        }
        for (const IgnoreRegion& region : scene.ignore) {
            if (region.class_id == kDemoPerson) people.push_back(bounds(region.area));
        }
        for (const LabelledBox& label : scene.boxes) {
            const bool inside = std::any_of(people.begin(), people.end(), [&](const Box& person) {
                return intersect(person, label.box) == label.box;
            });
            EXPECT_TRUE(inside) << "scene " << index << ", class " << label.class_id;
        }
    }
}

TEST(DrawDemoScene, SizesAndCountsVaryWithinTheRangeThatCanBeLearned) {
    std::vector<float> person_heights, face_sides, hand_sides;
    std::set<std::size_t> people;
    for (std::uint64_t index = 0; index < 40; ++index) {
        const DemoScene scene = draw_demo_scene(3, index, kSide);
        std::size_t count = 0;
        for (const auto& [box, class_id] : scene.boxes) {
            if (class_id == kDemoPerson) person_heights.push_back(box.height()), ++count;
            if (class_id == kDemoFace) face_sides.push_back(std::max(box.width(), box.height()));
            if (class_id == kDemoHand) hand_sides.push_back(std::max(box.width(), box.height()));
        }
        people.insert(count);
    }
    const auto quantile = [](std::vector<float> values, double share) {
        std::sort(values.begin(), values.end());
        return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))] / kSide;
    };
    EXPECT_GE(people.size(), 4U);
    EXPECT_GT(face_sides.size(), 60U);
    EXPECT_GT(hand_sides.size(), 80U);
    EXPECT_GT(quantile(person_heights, 0.05), 0.3F);
    EXPECT_GT(quantile(person_heights, 0.95), 1.5F * quantile(person_heights, 0.1));
    EXPECT_GT(quantile(face_sides, 0.05), 0.055F); // 14 px of 256
    EXPECT_GT(quantile(hand_sides, 0.05), 0.05F);
    EXPECT_LT(quantile(hand_sides, 0.95), 0.35F);
}

TEST(DrawDemoScene, PlacesChooseTheBackground) {
    // A park has far more green pixels than a workshop.
    const auto green_share = [](const DemoPlaces& places) {
        std::size_t green = 0, all = 0;
        for (std::uint64_t index = 0; index < 6; ++index) {
            const Image image = draw_demo_scene(4, index, kSide, places).image;
            for (std::size_t i = 0; i < image.rgb.size(); i += 3, ++all) {
                green += image.rgb[i + 1] > image.rgb[i] + 20 && image.rgb[i + 1] > image.rgb[i + 2] + 20;
            }
        }
        return static_cast<double>(green) / static_cast<double>(all);
    };
    EXPECT_GT(green_share({.street = 0, .room = 0, .workshop = 0, .park = 1}),
              green_share({.street = 0, .room = 0, .workshop = 1, .park = 0}) + 0.15);
}

TEST(DrawDemoScene, RefusesImpossibleArguments) {
    expect_error<CheckError>([] { draw_demo_scene(1, 0, 95); }, {"[96, 1024]", "95"});
    expect_error<CheckError>([] { draw_demo_scene(1, 0, kSide, {0, 0, 0, 0}); }, {"no place"});
    expect_error<CheckError>([] { draw_demo_scene(1, 0, kSide, {-1, 1, 1, 1}); }, {"weight", "-1"});
}

} // namespace
} // namespace banyan
