#include "data/demo_figure.h"

#include <array>
#include <cmath>
#include <numbers>

#include "data/demo_hand.h"
#include "data/demo_head.h"

namespace banyan::demo {
namespace {

// Lengths of a figure in heads. The origin of its frame lies between the shoulders, y down.
constexpr double kSoles = 3.95;
constexpr double kTop = -1.15;
constexpr double kHip = 1.62;
constexpr double kUpperArm = 0.86;
constexpr double kForearm = 0.76;
constexpr double kHandLength = 0.74;
constexpr double kDegree = std::numbers::pi / 180;

struct Arm {
    double upper = 0; ///< degrees from hanging straight down, outwards positive
    double lower = 0;
    double hand = 0; ///< the hand's direction
    Gesture gesture = Gesture::relaxed;
    bool hidden_hand = false; ///< in the pocket or behind the back
};

struct Clothes {
    Paint shirt;
    Colour trousers;
    Colour shoes;
    bool short_sleeves = false;
    bool skirt = false;
    bool vest = false; ///< a bright safety vest over the shirt
};

struct Looks {
    Skin skin;
    Skin hands; ///< the skin's colour, or the gloves'
    HeadStyle head;
    Clothes clothes;
    double width = 1; ///< of the body
    double stride = 0;
    std::array<Arm, 2> arms;
};

Arm random_arm(Random& random) {
    const auto around = [&](double degrees, double spread) { return degrees + random.uniform(-spread, spread); };
    const auto any_gesture = [&] { return static_cast<Gesture>(random.integer(0, 5)); };
    Arm arm;
    const double kind = random.uniform();
    if (kind < 0.26) { // hanging
        arm = {around(16, 10), around(10, 14), 0, random.chance(0.6) ? Gesture::relaxed : Gesture::fist, false};
    } else if (kind < 0.46) { // waving
        arm = {around(82, 28), around(165, 22), 0, random.chance(0.7) ? Gesture::open : any_gesture(), false};
    } else if (kind < 0.60) { // stretched up
        arm = {around(140, 14), around(158, 16), 0, any_gesture(), false};
    } else if (kind < 0.74) { // stretched aside
        arm = {around(68, 18), around(84, 22), 0, any_gesture(), false};
    } else if (kind < 0.86) { // in front of the belly
        arm = {around(24, 8), around(-62, 20), 0, any_gesture(), false};
    } else if (kind < 0.94) { // shown beside the chest
        arm = {around(30, 8), around(146, 14), 0, any_gesture(), false};
    } else { // in the pocket
        arm = {around(34, 6), around(-14, 6), 0, Gesture::fist, true};
    }
    arm.hand = arm.lower + random.uniform(-20, 20);
    return arm;
}

Colour cloth_colour(Random& random) {
    if (random.chance(0.18)) {
        const double grey = random.uniform(30, 245);
        return {grey, grey, std::min(255.0, grey * 1.04)};
    }
    return from_hsv(random.uniform(0, 360), random.uniform(0.3, 0.9), random.uniform(0.35, 0.98));
}

Clothes random_clothes(double head_px, Random& random) {
    Clothes clothes;
    const Colour shirt = cloth_colour(random);
    clothes.shirt = flat(shirt, 0.82);
    if (random.chance(0.45)) clothes.shirt.pattern = static_cast<Pattern>(random.integer(1, 4));
    clothes.shirt.accent = random.chance(0.5) ? blend(shirt, {255, 255, 255}, 0.55) : shade(shirt, 0.6);
    clothes.shirt.pattern_px = head_px * random.uniform(0.18, 0.42);
    clothes.trousers = random.chance(0.5) ? from_hsv(random.uniform(205, 240), 0.55, random.uniform(0.25, 0.65))
                                          : cloth_colour(random);
    clothes.shoes = random.chance(0.6) ? Colour{40, 36, 38} : cloth_colour(random);
    clothes.short_sleeves = random.chance(0.45);
    clothes.skirt = random.chance(0.2);
    clothes.vest = random.chance(0.12);
    return clothes;
}

Looks random_looks(double head_px, Random& random) {
    Looks looks;
    looks.skin = random_skin(random);
    looks.hands = looks.skin;
    if (random.chance(0.06)) {
        const Colour glove = from_hsv(random.uniform(0, 360), 0.5, 0.85);
        looks.hands = {glove, shade(glove, 0.6)};
    }
    looks.head = random_head(looks.skin, random);
    looks.clothes = random_clothes(head_px, random);
    looks.width = random.uniform(0.88, 1.16);
    looks.stride = random.uniform(0, 1);
    for (Arm& arm : looks.arms) arm = random_arm(random);
    return looks;
}

class FigureDrawing {
public:
    FigureDrawing(Canvas& canvas, const Frame& frame, const Looks& looks, int figure)
        : canvas_(canvas), frame_(frame), looks_(looks), figure_(figure), body_(owner_of(figure, FigurePart::body)) {}

    void draw(double head_turn) {
        const Frame head = frame_.moved(0, 0.02, head_turn);
        draw_hair_behind(canvas_, head, looks_.head, body_);
        for (const double side : {-1.0, 1.0}) draw_leg(side);
        draw_torso();
        limb({0, 0.08}, {0, -0.25}, 0.16, 0.15, flat(shade(looks_.skin.base, 0.84), 1));
        draw_head(canvas_, head, looks_.head, body_, owner_of(figure_, FigurePart::face));
        for (std::size_t i = 0; i < 2; ++i) draw_arm(i);
        for (std::size_t i = 0; i < 2; ++i) draw_hand_of(i);
    }

private:
    void limb(const Point& from, const Point& to, double radius_from, double radius_to, const Paint& paint) {
        canvas_.fill(capsule(frame_.at(from.x, from.y), frame_.at(to.x, to.y), radius_from * frame_.unit,
                             radius_to * frame_.unit),
                     paint, body_);
    }

    void draw_leg(double side) {
        const double spread = 0.10 + 0.32 * looks_.stride;
        const Point hip{side * 0.24 * looks_.width, kHip};
        const Point knee{side * (0.24 + 0.5 * spread), kHip + 1.08};
        const Point ankle{side * (0.24 + spread), kSoles - 0.17};
        const Paint cloth = flat(shade(looks_.clothes.trousers, side < 0 ? 0.82 : 0.9), 1);
        const Paint leg = looks_.clothes.skirt ? flat(shade(looks_.skin.base, 0.92), 1) : cloth;
        const double slim = looks_.clothes.skirt ? 0.7 : 1;
        limb({ankle.x, ankle.y + 0.05}, {ankle.x + side * 0.2, ankle.y + 0.07}, 0.115, 0.1,
             flat(looks_.clothes.shoes, 0.8));
        limb(hip, knee, 0.27 * slim * looks_.width, 0.19 * slim, leg);
        limb(knee, ankle, 0.19 * slim, 0.13 * slim, leg);
    }

    void draw_torso() {
        const double w = looks_.width;
        const Clothes& clothes = looks_.clothes;
        if (clothes.skirt) {
            canvas_.fill(
                smooth(frame_, {{-0.42 * w, 1.3}, {0.42 * w, 1.3}, {0.62 * w, 2.45}, {0, 2.55}, {-0.62 * w, 2.45}}),
                flat(clothes.trousers, 0.8), body_);
        } else {
            canvas_.fill(
                smooth(frame_, {{-0.46 * w, 1.35}, {0.46 * w, 1.35}, {0.5 * w, 1.75}, {0, 1.9}, {-0.5 * w, 1.75}}),
                flat(shade(clothes.trousers, 0.95), 0.94), body_);
        }
        const Polygon torso = {{-0.2, -0.04},    {0.2, -0.04},      {0.52 * w, 0.10}, {0.56 * w, 0.45},
                               {0.47 * w, 1.1},  {0.5 * w, 1.6},    {0, 1.66},        {-0.5 * w, 1.6},
                               {-0.47 * w, 1.1}, {-0.56 * w, 0.45}, {-0.52 * w, 0.10}};
        canvas_.fill(smooth(frame_, torso), clothes.shirt, body_);
        if (clothes.vest) draw_vest();
        if (!looks_.head.from_behind) {
            canvas_.fill(smooth(frame_, {{-0.2, -0.05}, {0.2, -0.05}, {0.1, 0.16}, {0, 0.24}, {-0.1, 0.16}}),
                         flat(shade(looks_.skin.base, 0.9), 1), body_);
        }
    }

    void draw_vest() {
        const double w = looks_.width;
        const Paint vest = flat({235, 240, 40}, 0.92);
        for (const double side : {-1.0, 1.0}) {
            const double s = side * w;
            canvas_.fill(frame_.at(Polygon{{0.16 * side, 0.0},
                                           {0.42 * s, 0.06},
                                           {0.50 * s, 0.6},
                                           {0.47 * s, 1.5},
                                           {0.06 * s, 1.5},
                                           {0.08 * s, 0.5}}),
                         vest, body_);
            canvas_.fill(frame_.at(Polygon{{0.07 * s, 0.95}, {0.48 * s, 0.95}, {0.48 * s, 1.12}, {0.07 * s, 1.12}}),
                         flat({225, 228, 232}, 1), body_);
        }
    }

    Point along(const Point& from, double side, double degrees, double length) const {
        return {from.x + side * std::sin(degrees * kDegree) * length, from.y + std::cos(degrees * kDegree) * length};
    }
    double side_of(std::size_t index) const { return index == 0 ? -1.0 : 1.0; }
    Point elbow(std::size_t index) const {
        const double side = side_of(index);
        return along({side * 0.47 * looks_.width, 0.24}, side, looks_.arms[index].upper, kUpperArm);
    }
    Point wrist(std::size_t index) const {
        return along(elbow(index), side_of(index), looks_.arms[index].lower, kForearm);
    }

    void draw_arm(std::size_t index) {
        Paint sleeve = looks_.clothes.shirt;
        sleeve.top = shade(sleeve.top, 0.9);
        sleeve.bottom = shade(sleeve.bottom, 0.9);
        const Paint line = flat(shade(looks_.clothes.shirt.top, 0.7), 1);
        const Paint skin = flat(shade(looks_.skin.base, 0.95), 0.95);
        const Point shoulder{side_of(index) * 0.47 * looks_.width, 0.24};
        const Point bend = elbow(index);
        const Point end = wrist(index);
        const bool bare = looks_.clothes.short_sleeves;
        const Point cuff =
            bare ? Point{shoulder.x + 0.62 * (bend.x - shoulder.x), shoulder.y + 0.62 * (bend.y - shoulder.y)} : bend;
        if (bare) {
            limb(shoulder, bend, 0.13, 0.12, skin);
            limb(bend, end, 0.12, 0.095, skin);
        } else {
            limb(bend, end, 0.185, 0.155, line);
        }
        limb(shoulder, cuff, 0.185, 0.19, line);
        limb(shoulder, cuff, 0.17, 0.175, sleeve);
        if (!bare) limb(bend, end, 0.165, 0.135, sleeve);
    }

    void draw_hand_of(std::size_t index) {
        const Arm& arm = looks_.arms[index];
        if (arm.hidden_hand) return;
        const double side = side_of(index);
        const Point from = wrist(index);
        const Point to = along(from, side, arm.hand, 1);
        const Point start = frame_.at(from.x, from.y);
        const Point end = frame_.at(to.x, to.y);
        const Point direction{end.x - start.x, end.y - start.y};
        HandStyle style;
        style.skin = looks_.hands;
        style.gesture = arm.gesture;
        style.thumb_left = (side > 0) != (direction.y < 0);
        style.spread = 0.5 + looks_.stride;
        const double unit = kHandLength * frame_.unit;
        const Owner owner = owner_of(figure_, index == 0 ? FigurePart::left_hand : FigurePart::right_hand);
        draw_hand(canvas_, pointing(start, direction, unit), style, owner);
    }

    Canvas& canvas_;
    const Frame& frame_;
    const Looks& looks_;
    int figure_;
    Owner body_;
};

void draw_shadow(Canvas& canvas, const FigurePlace& place, double head_px) {
    for (const double size : {1.0, 0.8, 0.6}) {
        Paint shadow = flat({20, 20, 30}, 1);
        shadow.alpha = 0.13;
        canvas.tint(ellipse({place.feet, head_px, 0}, {0, 0}, 1.1 * size, 0.2 * size), shadow);
    }
}

} // namespace

void draw_figure(Canvas& canvas, const FigurePlace& place, int figure, Random& random) {
    const double head_px = place.height_px / (kSoles - kTop);
    const Looks looks = random_looks(head_px, random);
    const double head_turn = random.uniform(-0.14, 0.14);
    draw_shadow(canvas, place, head_px);
    const Frame feet{place.feet, head_px, place.lean};
    FigureDrawing(canvas, feet.moved(0, -kSoles), looks, figure).draw(head_turn);
}

} // namespace banyan::demo
