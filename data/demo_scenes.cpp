#include "data/demo_scenes.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/random.h"
#include "data/demo_background.h"
#include "data/demo_canvas.h"
#include "data/demo_clutter.h"
#include "data/demo_figure.h"

namespace banyan {
namespace {

using namespace demo;

/// Less than this share of a part, or fewer pixels, is nothing that anybody could find.
constexpr double kTraceShare = 0.04;

Place pick_place(const DemoPlaces& places, Random& random) {
    const std::array<double, 4> weights = {places.street, places.room, places.workshop, places.park};
    double total = 0;
    for (const double weight : weights) {
        BANYAN_CHECK(weight >= 0 && std::isfinite(weight), "a place's weight must be 0 or more, got ", weight);
        total += weight;
    }
    BANYAN_CHECK(total > 0, "no place has a positive weight");
    double at = random.uniform(0, total);
    for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
        if (at < weights[i]) return static_cast<Place>(i);
        at -= weights[i];
    }
    return Place::park;
}

int pick_people(Random& random) {
    const double at = random.uniform();
    if (at < 0.28) return 1;
    if (at < 0.58) return 2;
    if (at < 0.80) return 3;
    return at < 0.93 ? 4 : 5;
}

/// Where each figure stands: spread over the width, large ones lower and in front, whole or cut off at the bottom.
std::vector<FigurePlace> place_figures(int people, double ground, double side, Random& random) {
    constexpr std::array<double, 5> kLargest = {1.75, 1.35, 1.0, 0.85, 0.75};
    const double largest = kLargest[static_cast<std::size_t>(people - 1)];
    std::vector<FigurePlace> places;
    for (int i = 0; i < people; ++i) {
        const double height = random.uniform(0.48, largest);
        const double slot = (i + random.uniform(0.2, 0.8)) / people;
        FigurePlace place;
        place.height_px = height * side;
        const double highest_feet = std::max(ground / side + 0.05, height + 0.03);
        const double lowest_feet = std::max(highest_feet + 0.03, height < 0.9 ? 1.02 : height + 0.2);
        place.feet = {(0.04 + 0.92 * slot) * side, random.uniform(highest_feet, lowest_feet) * side};
        place.lean = random.uniform(-0.1, 0.1);
        places.push_back(place);
    }
    std::sort(places.begin(), places.end(),
              [](const FigurePlace& a, const FigurePlace& b) { return a.feet.y < b.feet.y; });
    return places;
}

void add_clutter(Canvas& canvas, double ground, Random& random) {
    const double side = canvas.side();
    const std::int64_t standing = random.integer(1, 4);
    for (std::int64_t i = 0; i < standing; ++i) {
        const double y = random.uniform(ground + 0.02 * side, std::max(ground + 0.03 * side, 0.97 * side));
        draw_standing_thing(canvas, {random.uniform(0, side), y}, side * random.uniform(0.12, 0.42), random);
    }
    const std::int64_t hanging = random.integer(0, 3);
    for (std::int64_t i = 0; i < hanging; ++i) {
        draw_hanging_thing(canvas, {random.uniform(0, side), random.uniform(0.06, 0.5) * side},
                           side * random.uniform(0.1, 0.3), random);
    }
}

void add_foreground(Canvas& canvas, Random& random) {
    const double side = canvas.side();
    if (random.chance(0.4))
        draw_standing_thing(canvas, {random.uniform(0, side), side * random.uniform(0.98, 1.15)},
                            side * random.uniform(0.2, 0.5), random);
    if (random.chance(0.15))
        draw_hanging_thing(canvas, {random.uniform(0, side), side * random.uniform(0.1, 0.8)},
                           side * random.uniform(0.12, 0.22), random);
}

/// Light, colour cast and grain of a cheap camera.
void develop(Image& image, Random& random) {
    const double light = random.uniform(0.82, 1.12);
    const std::array<double, 3> gain = {light * random.uniform(0.95, 1.05), light, light * random.uniform(0.94, 1.06)};
    const double lift = random.uniform(-8, 10);
    const int grain = static_cast<int>(random.integer(2, 10));
    for (std::size_t i = 0; i < image.rgb.size(); i += 6) {
        const std::uint64_t bits = random.next();
        for (std::size_t k = 0; k < 6 && i + k < image.rgb.size(); ++k) {
            const auto a = static_cast<int>((bits >> (10 * k)) & 31U);
            const auto b = static_cast<int>((bits >> (10 * k + 5)) & 31U);
            const double noise = (a - b) * grain / 32.0; // triangular
            const double value = image.rgb[i + k] * gain[k % 3] + lift + noise;
            image.rgb[i + k] = static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0) + 0.5);
        }
    }
}

void add_label(DemoScene& scene, const Visible& visible, int class_id) {
    const Box& box = visible.box;
    if (visible.pixels == 0) return;
    if (visible.share() >= kDemoSeenShare && std::min(box.width(), box.height()) >= kDemoSeenPx) {
        scene.boxes.push_back({box, class_id});
    } else if (visible.share() >= kTraceShare) {
        scene.ignore.push_back({box, class_id});
    }
}

} // namespace

ClassTable demo_classes() { return ClassTable({{"person", {"person"}}, {"face", {"face"}}, {"hand", {"hand"}}}); }

DemoScene draw_demo_scene(std::uint64_t seed, std::uint64_t index, int side, const DemoPlaces& places) {
    BANYAN_CHECK(side >= 96 && side <= 1024, "a demo scene's side must be in [96, 1024], got ", side);
    Random random(seed, index);
    Canvas canvas(side);
    const double ground = draw_background(canvas, pick_place(places, random), random);
    add_clutter(canvas, ground, random);
    const int people = pick_people(random);
    int figure = 0;
    for (const FigurePlace& place : place_figures(people, ground, side, random))
        draw_figure(canvas, place, ++figure, random);
    add_foreground(canvas, random);

    DemoScene scene;
    for (figure = 1; figure <= people; ++figure) {
        add_label(scene, canvas.visible_figure(figure), kDemoPerson);
        add_label(scene, canvas.visible_part(owner_of(figure, FigurePart::face)), kDemoFace);
        for (const FigurePart hand : {FigurePart::left_hand, FigurePart::right_hand}) {
            add_label(scene, canvas.visible_part(owner_of(figure, hand)), kDemoHand);
        }
    }
    scene.image = canvas.picture();
    develop(scene.image, random);
    return scene;
}

} // namespace banyan
