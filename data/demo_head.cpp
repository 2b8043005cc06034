#include "data/demo_head.h"

#include <array>
#include <cmath>
#include <numbers>

namespace banyan::demo {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr Point kCentre{0, -0.62};
constexpr Point kRadii{0.37, 0.47};
constexpr double kLine = 0.022; ///< thickness of the dark line around the face

class HeadDrawing {
public:
    HeadDrawing(Canvas& canvas, const Frame& neck, const HeadStyle& style, Owner body, Owner face)
        : canvas_(canvas), frame_(neck), style_(style), body_(body), face_(face), rx_(kRadii.x * style.width),
          shift_(0.10 * style.yaw) {}

    void draw_behind() const {
        if (style_.hat == Hat::helmet && style_.cut != HairCut::long_cut) return;
        const double below = style_.cut == HairCut::long_cut ? 0.42 : -0.12;
        if (style_.cut != HairCut::long_cut && style_.cut != HairCut::bob) return;
        const double w = rx_ + 0.13;
        canvas_.fill(smooth(frame_, {{-0.7 * w, -1.02},
                                     {0.7 * w, -1.02},
                                     {w, -0.6},
                                     {w, below - 0.1},
                                     {0.5 * w, below},
                                     {-0.5 * w, below},
                                     {-w, below - 0.1},
                                     {-w, -0.6}}),
                     flat(shade(style_.hair, 0.85)), body_);
    }

    void draw() const {
        if (style_.from_behind) {
            draw_back();
        } else {
            draw_face();
            draw_fringe();
        }
        draw_hat();
    }

private:
    void spot(double x, double y, double rx, double ry, const Colour& colour, Owner owner) const {
        canvas_.fill(ellipse(frame_, {x, y}, rx, ry), flat(colour, 0.96), owner);
    }
    void line(const Point& a, const Point& b, double radius, const Colour& colour, Owner owner) const {
        canvas_.fill(capsule(frame_.at(a.x, a.y), frame_.at(b.x, b.y), radius * frame_.unit, radius * frame_.unit),
                     flat(colour, 1), owner);
    }

    void draw_face() const {
        const Colour& skin = style_.skin.base;
        for (const double side : {-1.0, 1.0})
            spot(side * (rx_ + 0.015) - shift_, -0.60, 0.075, 0.11, shade(skin, 0.9), face_);
        canvas_.fill(jaw(kLine), flat(style_.skin.line, 1), face_);
        canvas_.fill(jaw(0), flat(skin, 0.95), face_);
        if (style_.beard) draw_beard();
        for (const double side : {-1.0, 1.0}) draw_eye(side);
        for (const double side : {-1.0, 1.0})
            spot(side * 0.22 + shift_, -0.45, 0.07, 0.05, blend(skin, {230, 90, 80}, 0.30), face_);
        line({shift_ * 1.6, -0.60}, {shift_ * 1.9 + 0.015, -0.49}, 0.026, shade(skin, 0.76), face_);
        draw_mouth();
    }

    Polygon jaw(double grow) const {
        const double w = rx_ + grow;
        const double top = kCentre.y - kRadii.y - grow;
        const double chin = kCentre.y + kRadii.y + grow;
        return smooth(frame_, {{-0.62 * w, top + 0.09},
                               {0, top},
                               {0.62 * w, top + 0.09},
                               {w, -0.68},
                               {0.86 * w, -0.40},
                               {0.40 * w, chin - 0.03},
                               {0, chin},
                               {-0.40 * w, chin - 0.03},
                               {-0.86 * w, -0.40},
                               {-w, -0.68}});
    }

    void draw_eye(double side) const {
        const double x = side * 0.155 + shift_;
        spot(x, -0.645, 0.092, 0.08, shade(style_.skin.base, 0.7), face_);
        spot(x, -0.64, 0.085, 0.07, {252, 252, 250}, face_);
        spot(x + 0.25 * shift_, -0.638, 0.048, 0.055, style_.iris, face_);
        spot(x + 0.25 * shift_, -0.638, 0.025, 0.03, {15, 12, 12}, face_);
        const double tilt = style_.brows * side;
        line({x - 0.08, -0.765 - tilt}, {x + 0.08, -0.765 + tilt}, 0.024, shade(style_.hair, 0.7), face_);
        if (!style_.glasses) return;
        Paint glass = flat({235, 245, 255}, 1);
        glass.alpha = 0.25;
        canvas_.tint(ellipse(frame_, {x, -0.635}, 0.125, 0.11), glass);
        constexpr int kSteps = 14;
        for (int i = 0; i < kSteps; ++i) {
            const auto rim = [&](int step) {
                return Point{x + 0.13 * std::cos(2 * kPi * step / kSteps),
                             -0.635 + 0.115 * std::sin(2 * kPi * step / kSteps)};
            };
            line(rim(i), rim(i + 1), 0.017, {35, 32, 38}, face_);
        }
        line({shift_ - 0.03, -0.65}, {shift_ + 0.03, -0.65}, 0.015, {35, 32, 38}, face_);
    }

    void draw_mouth() const {
        const Colour lip = blend(style_.skin.line, {170, 40, 50}, 0.55);
        const double x = shift_ * 1.2;
        if (style_.mouth == 0) {
            canvas_.fill(ellipse_segment(frame_, {x, -0.37}, {0.155, 0.095}, 0, kPi), flat(lip, 1), face_);
            canvas_.fill(ellipse_segment(frame_, {x, -0.385}, {0.125, 0.055}, 0, kPi),
                         flat(style_.beard ? shade(style_.hair, 1.1) : style_.skin.base, 0.97), face_);
        } else if (style_.mouth == 1) {
            canvas_.fill(ellipse_segment(frame_, {x, -0.385}, {0.165, 0.135}, 0, kPi), flat(shade(lip, 0.6), 1), face_);
            canvas_.fill(ellipse_segment(frame_, {x, -0.38}, {0.14, 0.05}, 0, kPi), flat({250, 250, 248}, 1), face_);
        } else if (style_.mouth == 2) {
            line({x - 0.11, -0.335}, {x + 0.11, -0.345}, 0.026, lip, face_);
        } else {
            spot(x, -0.335, 0.065, 0.075, shade(lip, 0.6), face_);
        }
    }

    void draw_beard() const {
        const double w = 0.97 * rx_;
        canvas_.fill(smooth(frame_, {{-w, -0.56},
                                     {-0.62 * w, -0.44},
                                     {0, -0.47},
                                     {0.62 * w, -0.44},
                                     {w, -0.56},
                                     {0.9 * w, -0.36},
                                     {0.45 * w, -0.155},
                                     {0, -0.12},
                                     {-0.45 * w, -0.155},
                                     {-0.9 * w, -0.36}}),
                     flat(shade(style_.hair, 0.95)), face_);
    }

    void draw_back() const {
        const Colour colour = style_.cut == HairCut::bald ? shade(style_.skin.base, 0.95) : style_.hair;
        for (const double side : {-1.0, 1.0})
            spot(side * (rx_ + 0.015), -0.60, 0.075, 0.11, shade(style_.skin.base, 0.88), body_);
        canvas_.fill(jaw(0.02), flat(shade(style_.skin.base, 0.92)), body_);
        const double below = style_.cut == HairCut::bald || style_.cut == HairCut::shorn ? -0.35 : -0.22;
        const double w = rx_ + 0.03;
        canvas_.fill(smooth(frame_, {{-0.6 * w, -1.05},
                                     {0, -1.13},
                                     {0.6 * w, -1.05},
                                     {w, -0.72},
                                     {0.92 * w, below - 0.15},
                                     {0.5 * w, below},
                                     {-0.5 * w, below},
                                     {-0.92 * w, below - 0.15},
                                     {-w, -0.72}}),
                     flat(colour), body_);
        if (style_.cut == HairCut::bun) draw_bun();
        if (style_.cut == HairCut::long_cut || style_.cut == HairCut::bob) {
            const double end = style_.cut == HairCut::long_cut ? 0.5 : -0.08;
            canvas_.fill(rounded_rectangle(frame_,
                                           {static_cast<float>(-w - 0.05), -0.85F, static_cast<float>(w + 0.05),
                                            static_cast<float>(end)},
                                           0.25),
                         flat(style_.hair), body_);
        }
    }

    void draw_bun() const { spot(0, -1.2, 0.19, 0.17, shade(style_.hair, 0.95), body_); }

    void draw_fringe() const {
        const Paint hair = flat(style_.hair);
        const double w = rx_ + 0.045;
        switch (style_.cut) {
        case HairCut::bald: return;
        case HairCut::shorn:
            canvas_.fill(ellipse_segment(frame_, {0, -0.80}, {w - 0.02, 0.32}, kPi, 2 * kPi), hair, body_);
            return;
        case HairCut::curly:
            for (int i = 0; i <= 8; ++i) {
                const double angle = kPi * (0.97 + 1.06 * i / 8.0);
                spot(w * std::cos(angle), -0.80 + 0.33 * std::sin(angle), 0.15, 0.15,
                     shade(style_.hair, i % 2 == 0 ? 1.0 : 0.88), body_);
            }
            return;
        case HairCut::bun: draw_bun(); break;
        case HairCut::short_cut:
        case HairCut::bob:
        case HairCut::long_cut: break;
        }
        const double part = 0.35 * w * (style_.yaw < 0 ? -1 : 1);
        canvas_.fill(smooth(frame_, {{-w, -0.62},
                                     {-0.98 * w, -0.90},
                                     {-0.5 * w, -1.13},
                                     {0.2 * w, -1.16},
                                     {0.8 * w, -1.03},
                                     {w, -0.80},
                                     {w, -0.62},
                                     {0.86 * w, -0.80},
                                     {part, -0.93},
                                     {-0.3 * w, -0.84},
                                     {-0.86 * w, -0.78}}),
                     hair, body_);
    }

    void draw_hat() const {
        const Paint paint = flat(style_.hat_colour, 0.85);
        const double w = rx_ + 0.06;
        if (style_.hat == Hat::none) return;
        if (style_.hat == Hat::beanie) {
            canvas_.fill(ellipse_segment(frame_, {0, -0.84}, {w, 0.42}, kPi, 2 * kPi), paint, body_);
            canvas_.fill(rectangle(frame_, -w, -0.93, w, -0.80), flat(shade(style_.hat_colour, 0.8)), body_);
            spot(0, -1.27, 0.09, 0.09, shade(style_.hat_colour, 1.2), body_);
            return;
        }
        canvas_.fill(ellipse_segment(frame_, {0, -0.86}, {w, 0.37}, kPi, 2 * kPi), paint, body_);
        const double brim = style_.hat == Hat::helmet ? w + 0.08 : w - 0.04;
        canvas_.fill(capsule(frame_.at(-brim + shift_, -0.86), frame_.at(brim + shift_, -0.86), 0.055 * frame_.unit,
                             0.055 * frame_.unit),
                     flat(shade(style_.hat_colour, 0.78)), body_);
        if (style_.hat == Hat::helmet) line({0, -1.22}, {0, -0.95}, 0.05, shade(style_.hat_colour, 1.15), body_);
    }

    Canvas& canvas_;
    const Frame& frame_;
    const HeadStyle& style_;
    Owner body_;
    Owner face_;
    double rx_;    ///< half the head's width
    double shift_; ///< of eyes, nose and mouth
};

} // namespace

HeadStyle random_head(const Skin& skin, Random& random) {
    constexpr std::array<Colour, 9> kHair = {{{28, 24, 26},
                                              {52, 36, 28},
                                              {92, 58, 34},
                                              {140, 90, 48},
                                              {214, 172, 98},
                                              {176, 74, 38},
                                              {160, 160, 164},
                                              {70, 90, 170},
                                              {190, 80, 140}}};
    constexpr std::array<Colour, 4> kIris = {{{70, 44, 26}, {60, 96, 150}, {70, 110, 70}, {40, 32, 30}}};
    HeadStyle style;
    style.skin = skin;
    style.hair = kHair[static_cast<std::size_t>(random.integer(0, random.chance(0.15) ? 8 : 6))];
    style.cut = static_cast<HairCut>(random.integer(0, 6));
    style.hat = random.chance(0.35) ? static_cast<Hat>(random.integer(1, 3)) : Hat::none;
    style.hat_colour = from_hsv(random.uniform(0, 360), random.uniform(0.5, 0.95), random.uniform(0.6, 0.98));
    style.iris = kIris[static_cast<std::size_t>(random.integer(0, 3))];
    style.from_behind = random.chance(0.12);
    style.glasses = random.chance(0.22);
    style.beard =
        random.chance(0.22) && style.cut != HairCut::bun && style.cut != HairCut::bob && style.cut != HairCut::long_cut;
    style.mouth = static_cast<int>(random.integer(0, 3));
    style.yaw = random.uniform(-1, 1);
    style.width = random.uniform(0.92, 1.1);
    style.brows = random.uniform(-0.008, 0.02);
    return style;
}

void draw_hair_behind(Canvas& canvas, const Frame& neck, const HeadStyle& style, Owner body) {
    if (!style.from_behind) HeadDrawing(canvas, neck, style, body, body).draw_behind();
}

void draw_head(Canvas& canvas, const Frame& neck, const HeadStyle& style, Owner body, Owner face) {
    HeadDrawing(canvas, neck, style, body, face).draw();
}

} // namespace banyan::demo
