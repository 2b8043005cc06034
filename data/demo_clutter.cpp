#include "data/demo_clutter.h"

#include <array>
#include <cmath>
#include <numbers>

#include "data/demo_shapes.h"

namespace banyan::demo {
namespace {

constexpr double kPi = std::numbers::pi;

/// One thing in the making; `frame` has its origin at the foot or centre, one unit = the thing's size.
class Thing {
public:
    Thing(Canvas& canvas, const Point& origin, double size_px, Random& random)
        : canvas_(canvas), frame_{origin, size_px, random.uniform(-0.08, 0.08)}, random_(random) {}

    Random& random() { return random_; }
    Colour lively() {
        return from_hsv(random_.uniform(0, 360), random_.uniform(0.35, 0.9), random_.uniform(0.5, 0.97));
    }

    void disc(double x, double y, double rx, double ry, const Paint& paint) {
        canvas_.fill(ellipse(frame_, {x, y}, rx, ry), paint, kScene);
    }
    void box(double x0, double y0, double x1, double y1, const Paint& paint) {
        canvas_.fill(rectangle(frame_, x0, y0, x1, y1), paint, kScene);
    }
    void bar(const Point& a, const Point& b, double radius, const Paint& paint) { taper(a, b, radius, radius, paint); }
    void taper(const Point& a, const Point& b, double radius_a, double radius_b, const Paint& paint) {
        canvas_.fill(capsule(frame_.at(a.x, a.y), frame_.at(b.x, b.y), radius_a * frame_.unit, radius_b * frame_.unit),
                     paint, kScene);
    }
    void shape(const Polygon& corners, const Paint& paint) { canvas_.fill(frame_.at(corners), paint, kScene); }
    void curve(const Polygon& corners, const Paint& paint) { canvas_.fill(smooth(frame_, corners), paint, kScene); }
    void segment(const Point& centre, const Point& radii, double from, double to, const Paint& paint) {
        canvas_.fill(ellipse_segment(frame_, centre, radii, from, to), paint, kScene);
    }
    void gleam(double x, double y, double rx, double ry) {
        Paint light = flat({255, 255, 255}, 1);
        light.alpha = 0.45;
        canvas_.tint(ellipse(frame_, {x, y}, rx, ry), light);
    }
    Paint patterned(const Colour& colour) {
        Paint paint = flat(colour, 0.8);
        paint.pattern = static_cast<Pattern>(random_.integer(0, 4));
        paint.accent = blend(colour, {255, 255, 255}, 0.6);
        paint.pattern_px = frame_.unit * random_.uniform(0.1, 0.25);
        return paint;
    }

private:
    Canvas& canvas_;
    Frame frame_;
    Random& random_;
};

void draw_ball(Thing& thing) {
    const Colour colour = thing.random().chance(0.3) ? Colour{226, 172, 132} : thing.lively();
    thing.disc(0, -0.3, 0.3, 0.3, thing.patterned(colour));
    thing.gleam(-0.1, -0.42, 0.07, 0.05);
}

void draw_crate(Thing& thing) {
    const Colour wood = shade({190, 146, 98}, thing.random().uniform(0.7, 1.15));
    thing.box(-0.4, -0.62, 0.4, 0, flat(shade(wood, 0.8), 0.8));
    for (int i = 0; i < 3; ++i) thing.box(-0.37, -0.59 + 0.2 * i, 0.37, -0.43 + 0.2 * i, flat(wood, 0.9));
    thing.box(-0.4, -0.62, -0.3, 0, flat(shade(wood, 0.9)));
    thing.box(0.3, -0.62, 0.4, 0, flat(shade(wood, 0.9)));
}

void draw_parcel(Thing& thing) {
    const Colour card = thing.random().chance(0.5) ? Colour{204, 166, 120} : thing.lively();
    thing.box(-0.36, -0.5, 0.36, 0, flat(card, 0.8));
    thing.box(-0.06, -0.5, 0.06, 0, flat(blend(card, {255, 255, 255}, 0.4), 0.8));
    thing.shape({{-0.36, -0.5}, {-0.26, -0.6}, {0.46, -0.6}, {0.36, -0.5}}, flat(shade(card, 1.12), 1));
    thing.shape({{0.36, -0.5}, {0.46, -0.6}, {0.46, -0.1}, {0.36, 0}}, flat(shade(card, 0.72), 0.9));
}

void draw_floor_lamp(Thing& thing) {
    const Colour lamp = thing.random().chance(0.5) ? Colour{250, 226, 170} : thing.lively();
    thing.disc(0, -0.02, 0.16, 0.04, flat({60, 58, 60}));
    thing.bar({0, -0.02}, {0, -0.72}, 0.018, flat({70, 66, 68}));
    thing.shape({{-0.13, -1.0}, {0.13, -1.0}, {0.23, -0.68}, {-0.23, -0.68}}, flat(lamp, 0.9));
}

void draw_street_lamp(Thing& thing) {
    thing.bar({0, 0}, {0, -0.85}, 0.03, flat({62, 66, 72}));
    thing.disc(0, -0.9, 0.12, 0.13, flat({252, 238, 200}, 0.92));
    thing.box(-0.1, -1.04, 0.1, -1.0, flat({62, 66, 72}));
}

void draw_sign(Thing& thing) {
    Random& random = thing.random();
    thing.bar({0, 0}, {0, -0.7}, 0.022, flat({150, 152, 156}));
    if (random.chance(0.5)) {
        thing.disc(0, -0.8, 0.2, 0.2, flat({204, 40, 44}, 0.95));
        thing.disc(0, -0.8, 0.155, 0.155, flat({248, 248, 246}, 0.97));
        if (random.chance(0.5)) thing.bar({-0.08, -0.8}, {0.08, -0.8}, 0.03, flat({40, 40, 44}));
        return;
    }
    thing.shape({{0, -1.02}, {0.24, -0.64}, {-0.24, -0.64}}, flat({206, 44, 46}, 0.95));
    thing.shape({{0, -0.94}, {0.17, -0.68}, {-0.17, -0.68}}, flat({250, 250, 246}, 0.97));
    thing.bar({0, -0.86}, {0, -0.77}, 0.018, flat({40, 40, 44}));
}

void draw_plant(Thing& thing) {
    Random& random = thing.random();
    const Colour leaf = from_hsv(random.uniform(85, 150), random.uniform(0.35, 0.65), random.uniform(0.4, 0.7));
    for (int i = 0; i < 7; ++i) {
        const double angle = -kPi / 2 + (i - 3) * 0.32 + random.uniform(-0.08, 0.08);
        const double length = random.uniform(0.45, 0.7);
        thing.taper({0, -0.3}, {length * std::cos(angle), -0.3 + length * std::sin(angle)}, 0.035, 0.07,
                    flat(shade(leaf, random.uniform(0.8, 1.15)), 0.85));
    }
    const Colour pot = shade({188, 104, 70}, random.uniform(0.7, 1.2));
    thing.shape({{-0.2, -0.34}, {0.2, -0.34}, {0.14, 0}, {-0.14, 0}}, flat(pot, 0.8));
    thing.box(-0.22, -0.37, 0.22, -0.29, flat(shade(pot, 1.1)));
}

void draw_cone(Thing& thing) {
    thing.shape({{-0.05, -0.7}, {0.05, -0.7}, {0.24, -0.05}, {-0.24, -0.05}}, flat({240, 110, 40}, 0.85));
    thing.shape({{-0.105, -0.5}, {0.105, -0.5}, {0.155, -0.33}, {-0.155, -0.33}}, flat({250, 250, 248}, 0.9));
    thing.box(-0.3, -0.06, 0.3, 0, flat({220, 96, 36}, 0.8));
}

/// A dressmaker's figure: torso and round top, without arms, face and legs.
void draw_mannequin(Thing& thing) {
    const Colour cloth = thing.random().chance(0.5) ? Colour{222, 204, 176} : thing.lively();
    thing.bar({-0.16, -0.02}, {0.16, -0.02}, 0.02, flat({90, 70, 54}));
    thing.bar({0, -0.02}, {0, -0.4}, 0.02, flat({90, 70, 54}));
    thing.curve({{-0.07, -0.92},
                 {0.07, -0.92},
                 {0.2, -0.86},
                 {0.15, -0.6},
                 {0.2, -0.38},
                 {-0.2, -0.38},
                 {-0.15, -0.6},
                 {-0.2, -0.86}},
                thing.patterned(cloth));
    thing.disc(0, -0.95, 0.05, 0.05, flat({120, 90, 66}));
}

void draw_bin(Thing& thing) {
    const Colour colour = shade(thing.lively(), 0.75);
    thing.shape({{-0.24, -0.6}, {0.24, -0.6}, {0.19, 0}, {-0.19, 0}}, flat(colour, 0.75));
    for (int i = -1; i <= 1; ++i) thing.bar({0.12 * i, -0.5}, {0.105 * i, -0.1}, 0.014, flat(shade(colour, 0.7)));
    thing.bar({-0.24, -0.62}, {0.24, -0.62}, 0.035, flat(shade(colour, 1.2)));
}

void draw_table(Thing& thing) {
    const Colour wood = shade({172, 124, 82}, thing.random().uniform(0.6, 1.2));
    for (const double x : {-0.62, 0.62}) thing.box(x - 0.04, -0.5, x + 0.04, 0, flat(shade(wood, 0.8)));
    thing.box(-0.75, -0.58, 0.75, -0.49, flat(wood));
    thing.disc(-0.35, -0.66, 0.08, 0.08, flat(thing.lively()));
    thing.box(0.1, -0.74, 0.28, -0.58, flat(thing.lively()));
}

void draw_balloon(Thing& thing) {
    const Colour colour = thing.lively();
    thing.bar({0, 0.3}, {0.04, 1.1}, 0.008, flat({90, 90, 96}));
    thing.shape({{0, 0.3}, {0.05, 0.38}, {-0.05, 0.38}}, flat(shade(colour, 0.8)));
    thing.disc(0, 0, 0.27, 0.33, flat(colour, 0.82));
    thing.gleam(-0.1, -0.14, 0.05, 0.08);
}

/// Eyes and a mouth on a round yellow thing: like a face, yet none.
void draw_smiley(Thing& thing) {
    const Colour colour = thing.random().chance(0.6) ? Colour{252, 206, 48} : thing.lively();
    thing.disc(0, 0, 0.32, 0.32, flat(shade(colour, 0.7)));
    thing.disc(0, 0, 0.29, 0.29, flat(colour, 0.92));
    for (const double x : {-0.1, 0.1}) thing.disc(x, -0.07, 0.035, 0.06, flat({50, 40, 30}));
    thing.segment({0, 0.05}, {0.16, 0.13}, 0.05 * kPi, 0.95 * kPi, flat({50, 40, 30}));
}

void draw_clock(Thing& thing) {
    thing.disc(0, 0, 0.3, 0.3, flat(shade(thing.lively(), 0.7)));
    thing.disc(0, 0, 0.25, 0.25, flat({250, 248, 240}, 0.97));
    const double angle = thing.random().uniform(0, 2 * kPi);
    thing.bar({0, 0}, {0.12 * std::cos(angle), 0.12 * std::sin(angle)}, 0.018, flat({30, 30, 34}));
    thing.bar({0, 0}, {0.18 * std::cos(7 * angle), 0.18 * std::sin(7 * angle)}, 0.012, flat({30, 30, 34}));
}

void draw_pendant_lamp(Thing& thing) {
    const Colour colour = thing.lively();
    thing.bar({0, -1.6}, {0, -0.2}, 0.012, flat({60, 60, 64}));
    thing.segment({0, 0.06}, {0.34, 0.32}, kPi, 2 * kPi, flat(colour, 0.8));
    thing.disc(0, 0.08, 0.1, 0.09, flat({255, 240, 190}, 0.95));
}

void draw_kite(Thing& thing) {
    const Colour colour = thing.lively();
    thing.shape({{0, -0.4}, {0.28, 0}, {0, 0.4}, {-0.28, 0}}, flat(colour));
    thing.shape({{0, -0.4}, {0.28, 0}, {0, 0}}, flat(shade(colour, 1.2)));
    thing.bar({0, 0.4}, {0.2, 0.9}, 0.012, flat({90, 90, 96}));
}

/// An empty shirt on a hanger.
void draw_hanging_shirt(Thing& thing) {
    const Paint cloth = thing.patterned(thing.lively());
    thing.bar({0, -0.52}, {0, -0.38}, 0.018, flat({110, 110, 116}));
    for (const double side : {-1.0, 1.0}) thing.taper({side * 0.22, -0.28}, {side * 0.42, 0.02}, 0.11, 0.09, cloth);
    thing.curve({{-0.1, -0.4}, {0.1, -0.4}, {0.29, -0.32}, {0.25, 0.45}, {-0.25, 0.45}, {-0.29, -0.32}}, cloth);
}

using Drawing = void (*)(Thing&);

constexpr std::array<Drawing, 11> kStanding = {draw_ball,        draw_crate, draw_parcel, draw_floor_lamp,
                                               draw_street_lamp, draw_sign,  draw_plant,  draw_cone,
                                               draw_mannequin,   draw_bin,   draw_table};
constexpr std::array<Drawing, 6> kHanging = {draw_balloon,      draw_smiley, draw_clock,
                                             draw_pendant_lamp, draw_kite,   draw_hanging_shirt};

template <std::size_t N>
Drawing any_of(const std::array<Drawing, N>& drawings, Random& random) {
    return drawings[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(N) - 1))];
}

} // namespace

void draw_standing_thing(Canvas& canvas, const Point& foot, double size_px, Random& random) {
    const Drawing draw = any_of(kStanding, random);
    Paint shadow = flat({20, 20, 30}, 1);
    shadow.alpha = 0.22;
    canvas.tint(ellipse({foot, size_px, 0}, {0, 0}, 0.4, 0.06), shadow);
    Thing thing(canvas, foot, size_px, random);
    draw(thing);
}

void draw_hanging_thing(Canvas& canvas, const Point& centre, double size_px, Random& random) {
    const Drawing draw = any_of(kHanging, random);
    Thing thing(canvas, centre, size_px, random);
    draw(thing);
}

} // namespace banyan::demo
