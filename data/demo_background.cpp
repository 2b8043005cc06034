#include "data/demo_background.h"

#include <algorithm>
#include <cmath>

#include "data/demo_shapes.h"

namespace banyan::demo {
namespace {

/// A stage on which the four places are built: lengths as shares of the picture's side.
class Stage {
public:
    Stage(Canvas& canvas, Random& random)
        : canvas_(canvas), random_(random), frame_{{0, 0}, static_cast<double>(canvas.side()), 0},
          out_(static_cast<double>(canvas.margin() + 1) / canvas.side()) {}

    double left() const { return -out_; }
    double right() const { return 1 + out_; }
    Random& random() { return random_; }

    void paint(const Polygon& polygon, const Paint& paint) { canvas_.fill(polygon, paint, kScene); }
    void box(double x0, double y0, double x1, double y1, const Paint& fill) {
        paint(rectangle(frame_, x0, y0, x1, y1), fill);
    }
    void disc(double x, double y, double rx, double ry, const Paint& fill) {
        paint(ellipse(frame_, {x, y}, rx, ry), fill);
    }
    void bar(const Point& a, const Point& b, double radius, const Paint& fill) {
        paint(capsule(frame_.at(a.x, a.y), frame_.at(b.x, b.y), radius * frame_.unit, radius * frame_.unit), fill);
    }
    /// The whole width from y0 down to y1, with `texture` as strength of its spots.
    void band(double y0, double y1, const Colour& top, const Colour& bottom, double texture) {
        box(left(), y0, right(), y1, {.top = top, .bottom = bottom});
        for (const double cell : {0.11, 0.03, 0.012})
            canvas_.add_noise(y0 * frame_.unit, y1 * frame_.unit, cell * frame_.unit, texture, random_);
    }
    /// The same with a pattern in place of the plain colour.
    void patterned_band(double y0, double y1, const Paint& fill) {
        box(left(), y0, right(), y1, fill);
        canvas_.add_noise(y0 * frame_.unit, y1 * frame_.unit, 0.08 * frame_.unit, 6, random_);
    }
    double px(double share) const { return share * frame_.unit; }

private:
    Canvas& canvas_;
    Random& random_;
    Frame frame_;
    double out_;
};

Colour muted(Random& random, double low, double high) {
    return from_hsv(random.uniform(0, 360), random.uniform(0.06, 0.34), random.uniform(low, high));
}

void draw_tree(Stage& stage, double x, double ground, double size) {
    Random& random = stage.random();
    stage.bar({x, ground}, {x, ground - 0.5 * size}, 0.035 * size, flat({104, 76, 54}, 0.8));
    const Colour leaves = from_hsv(random.uniform(75, 140), random.uniform(0.35, 0.6), random.uniform(0.4, 0.7));
    for (int i = 0; i < 9; ++i) {
        const double radius = size * random.uniform(0.12, 0.2);
        stage.disc(x + size * random.uniform(-0.22, 0.22), ground - size * random.uniform(0.5, 0.95), radius, radius,
                   flat(shade(leaves, random.uniform(0.85, 1.15)), 0.8));
    }
}

void draw_cloud(Stage& stage, double x, double y, double size) {
    for (int i = 0; i < 4; ++i) {
        const double radius = size * stage.random().uniform(0.5, 1.0);
        stage.disc(x + (i - 1.5) * size * 0.9, y - radius * 0.3, radius, radius * 0.62, flat({250, 251, 253}, 0.96));
    }
}

void draw_sky(Stage& stage, double ground) {
    Random& random = stage.random();
    const Colour sky = from_hsv(random.uniform(190, 225), random.uniform(0.15, 0.5), random.uniform(0.78, 0.98));
    stage.band(-0.3, ground, sky, blend(sky, {255, 246, 232}, random.uniform(0.3, 0.8)), 2);
    const std::int64_t clouds = random.integer(0, 3);
    for (std::int64_t i = 0; i < clouds; ++i)
        draw_cloud(stage, random.uniform(0, 1), random.uniform(0.03, 0.25), random.uniform(0.03, 0.08));
}

void draw_house(Stage& stage, double x, double width, double ground) {
    Random& random = stage.random();
    const double top = ground - random.uniform(0.3, 0.75);
    const Colour wall = muted(random, 0.5, 0.92);
    Paint paint = flat(wall, 0.85);
    if (random.chance(0.35)) { // bricks
        paint.pattern = Pattern::stripes_across;
        paint.accent = shade(wall, 0.93);
        paint.pattern_px = stage.px(0.022);
    }
    stage.box(x, top, x + width, ground, paint);
    stage.box(x - 0.008, top - 0.02, x + width + 0.008, top, flat(shade(wall, 0.65)));
    const Colour glass = random.chance(0.3) ? Colour{250, 224, 150} : Colour{96, 122, 148};
    const auto columns = static_cast<int>(std::max(1.0, std::floor(width / 0.085)));
    const double step = width / columns;
    for (double y = top + 0.05; y + 0.09 < ground - 0.05; y += 0.115) {
        for (int i = 0; i < columns; ++i) {
            const double wx = x + (i + 0.22) * step;
            stage.box(wx - 0.006, y - 0.006, wx + 0.56 * step + 0.006, y + 0.076, flat(shade(wall, 1.15), 1));
            stage.box(wx, y, wx + 0.56 * step, y + 0.07, flat(shade(glass, random.uniform(0.8, 1.15)), 0.8));
        }
    }
}

void draw_car(Stage& stage, double x, double y, double size) {
    Random& random = stage.random();
    const Paint body =
        flat(from_hsv(random.uniform(0, 360), random.uniform(0.3, 0.85), random.uniform(0.45, 0.95)), 0.75);
    stage.bar({x - 0.32 * size, y - 0.3 * size}, {x + 0.28 * size, y - 0.3 * size}, 0.2 * size, body);
    stage.bar({x - 0.72 * size, y - 0.14 * size}, {x + 0.72 * size, y - 0.14 * size}, 0.14 * size, body);
    for (const double side : {-0.19, 0.17}) {
        stage.bar({x + (side - 0.09) * size, y - 0.34 * size}, {x + (side + 0.09) * size, y - 0.34 * size}, 0.09 * size,
                  flat({150, 180, 200}, 0.8));
    }
    for (const double side : {-0.48, 0.48}) {
        stage.disc(x + side * size, y, 0.14 * size, 0.14 * size, flat({38, 38, 42}));
        stage.disc(x + side * size, y, 0.065 * size, 0.065 * size, flat({180, 182, 186}));
    }
}

double draw_street(Stage& stage) {
    Random& random = stage.random();
    const double ground = random.uniform(0.5, 0.66);
    draw_sky(stage, ground);
    for (double x = stage.left() - random.uniform(0, 0.2); x < stage.right();) {
        const double width = random.uniform(0.18, 0.42);
        if (random.chance(0.85)) draw_house(stage, x, width, ground);
        x += width + random.uniform(0, 0.06);
    }
    const double kerb = ground + random.uniform(0.05, 0.12);
    stage.band(ground, kerb, {176, 172, 168}, {192, 188, 182}, 7);
    const double grey = random.uniform(88, 128);
    stage.band(kerb, 1.3, {grey, grey, grey + 4}, {grey + 26, grey + 26, grey + 28}, 9);
    for (double x = stage.left() + random.uniform(0, 0.2); x < stage.right(); x += 0.28)
        stage.box(x, kerb + 0.14, x + 0.13, kerb + 0.155, flat({232, 230, 220}));
    if (random.chance(0.5)) draw_tree(stage, random.uniform(0, 1), ground + 0.03, random.uniform(0.4, 0.7));
    if (random.chance(0.6))
        draw_car(stage, random.uniform(0, 1), kerb + random.uniform(0.0, 0.08), random.uniform(0.16, 0.27));
    return ground;
}

double draw_park(Stage& stage) {
    Random& random = stage.random();
    const double ground = random.uniform(0.45, 0.62);
    draw_sky(stage, ground);
    const Colour hill = from_hsv(random.uniform(90, 160), random.uniform(0.15, 0.4), random.uniform(0.55, 0.8));
    for (int i = 0; i < 3; ++i) {
        stage.disc(random.uniform(0, 1), ground + 0.05, random.uniform(0.3, 0.6), random.uniform(0.1, 0.24),
                   flat(shade(hill, 0.9 + 0.08 * i)));
    }
    const Colour grass = from_hsv(random.uniform(75, 125), random.uniform(0.3, 0.6), random.uniform(0.5, 0.75));
    stage.band(ground, 1.3, shade(grass, 0.92), shade(grass, 1.08), 10);
    const double path = random.uniform(0.1, 0.9);
    stage.bar({path, ground + 0.02}, {path + random.uniform(-0.5, 0.5), 1.25}, random.uniform(0.03, 0.09),
              flat({206, 186, 150}, 0.95));
    const std::int64_t trees = random.integer(1, 4);
    for (std::int64_t i = 0; i < trees; ++i)
        draw_tree(stage, random.uniform(-0.05, 1.05), ground + random.uniform(0.0, 0.08), random.uniform(0.35, 0.75));
    return ground;
}

void draw_window(Stage& stage, double x, double y, double width, double height) {
    stage.box(x - 0.015, y - 0.015, x + width + 0.015, y + height + 0.015, flat({238, 236, 230}, 0.95));
    stage.box(x, y, x + width, y + height, {.top = {150, 195, 232}, .bottom = {214, 230, 238}});
    stage.box(x + 0.47 * width, y, x + 0.53 * width, y + height, flat({238, 236, 230}));
    stage.box(x, y + 0.47 * height, x + width, y + 0.52 * height, flat({238, 236, 230}));
}

void draw_frame(Stage& stage, double x, double y, double size) {
    Random& random = stage.random();
    stage.box(x, y, x + size, y + 0.8 * size, flat(shade({130, 92, 60}, random.uniform(0.6, 1.4))));
    stage.box(x + 0.08 * size, y + 0.08 * size, x + 0.92 * size, y + 0.72 * size,
              {.top = muted(random, 0.7, 1), .bottom = muted(random, 0.4, 0.8)});
    stage.disc(x + random.uniform(0.3, 0.7) * size, y + 0.42 * size, 0.13 * size, 0.13 * size,
               flat(muted(random, 0.5, 1)));
}

double draw_room(Stage& stage) {
    Random& random = stage.random();
    const double ground = random.uniform(0.68, 0.85);
    const Colour wall = muted(random, 0.62, 0.97);
    if (random.chance(0.5)) {
        Paint paper{.top = wall, .bottom = shade(wall, 0.93)};
        paper.pattern = static_cast<Pattern>(random.integer(1, 4));
        paper.accent = shade(wall, random.uniform(0.86, 0.95));
        paper.pattern_px = stage.px(random.uniform(0.03, 0.1));
        stage.patterned_band(-0.3, ground, paper);
    } else {
        stage.band(-0.3, ground, shade(wall, 1.05), shade(wall, 0.9), 2.5);
    }
    const Colour wood = from_hsv(random.uniform(18, 36), random.uniform(0.25, 0.5), random.uniform(0.45, 0.8));
    stage.band(ground, 1.3, wood, shade(wood, 1.12), 6);
    for (double y = ground + 0.02, step = 0.025; y < 1.25; y += step, step *= 1.4)
        stage.box(stage.left(), y, stage.right(), y + 0.004, flat(shade(wood, 0.75)));
    stage.box(stage.left(), ground - 0.03, stage.right(), ground, flat({240, 238, 232}, 0.9));
    if (random.chance(0.55))
        draw_window(stage, random.uniform(0, 0.7), random.uniform(0.06, 0.16), random.uniform(0.2, 0.34),
                    random.uniform(0.25, 0.38));
    const std::int64_t frames = random.integer(0, 3);
    for (std::int64_t i = 0; i < frames; ++i)
        draw_frame(stage, random.uniform(0, 0.85), random.uniform(0.06, 0.36), random.uniform(0.1, 0.2));
    return ground;
}

void draw_shelf(Stage& stage, double x, double y, double width) {
    Random& random = stage.random();
    for (double at = x + 0.01; at < x + width - 0.05;) {
        const double size = random.uniform(0.035, 0.085);
        const Paint paint =
            flat(from_hsv(random.uniform(0, 360), random.uniform(0.15, 0.6), random.uniform(0.4, 0.9)), 0.8);
        if (random.chance(0.65)) {
            stage.box(at, y - random.uniform(0.5, 1.5) * size, at + size, y, paint);
        } else {
            stage.disc(at + 0.5 * size, y - 0.5 * size, 0.5 * size, 0.5 * size, paint);
        }
        at += size + random.uniform(0.004, 0.03);
    }
    stage.box(x, y, x + width, y + 0.02, flat({138, 104, 72}, 0.8));
}

void draw_tools(Stage& stage, double x, double y) {
    Random& random = stage.random();
    stage.box(x, y, x + 0.34, y + 0.26, flat(shade({196, 164, 120}, random.uniform(0.7, 1.1)), 0.95));
    for (int i = 0; i < 5; ++i) {
        const double at = x + 0.04 + 0.065 * i;
        const double length = random.uniform(0.1, 0.17);
        const Colour handle = from_hsv(random.uniform(0, 360), random.uniform(0.4, 0.9), random.uniform(0.4, 0.9));
        stage.bar({at, y + 0.05}, {at, y + 0.05 + length}, 0.011, flat(handle));
        if (i % 2 == 0) stage.bar({at - 0.02, y + 0.05}, {at + 0.02, y + 0.05}, 0.015, flat({120, 124, 130}));
        if (i % 2 == 1) stage.disc(at, y + 0.05, 0.02, 0.02, flat({146, 150, 156}));
    }
}

double draw_workshop(Stage& stage) {
    Random& random = stage.random();
    const double ground = random.uniform(0.66, 0.82);
    const Colour wall = muted(random, 0.5, 0.86);
    stage.band(-0.3, ground, wall, shade(wall, 0.9), 3.5);
    const double grey = random.uniform(110, 170);
    const Colour floor{grey, grey - 2, grey - 6};
    stage.band(ground, 1.3, floor, shade(floor, 1.12), 9);
    for (double x = -0.4; x < 1.5; x += 0.2)
        stage.bar({0.5 + (x - 0.5) * 0.9, ground}, {0.5 + (x - 0.5) * 2.2, 1.3}, 0.003, flat(shade(floor, 0.8)));
    draw_shelf(stage, random.uniform(-0.1, 0.4), random.uniform(0.14, 0.24), random.uniform(0.4, 0.7));
    if (random.chance(0.6))
        draw_shelf(stage, random.uniform(-0.1, 0.5), random.uniform(0.36, 0.46), random.uniform(0.3, 0.6));
    if (random.chance(0.6)) draw_tools(stage, random.uniform(0, 0.65), random.uniform(0.18, 0.36));
    return ground;
}

} // namespace

double draw_background(Canvas& canvas, Place place, Random& random) {
    Stage stage(canvas, random);
    double ground = 0;
    switch (place) {
    case Place::street: ground = draw_street(stage); break;
    case Place::room: ground = draw_room(stage); break;
    case Place::workshop: ground = draw_workshop(stage); break;
    case Place::park: ground = draw_park(stage); break;
    }
    if (random.chance(0.4)) canvas.blur(random.uniform(0.4, 1.6) * canvas.side() / 288.0);
    return ground * canvas.side();
}

} // namespace banyan::demo
