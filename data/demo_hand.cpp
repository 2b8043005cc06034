#include "data/demo_hand.h"

#include <array>
#include <cmath>
#include <numbers>

namespace banyan::demo {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kLine = 0.035; ///< thickness of the dark line around a shape, in hand lengths

struct Finger {
    double base_x;
    double base_y;
    double length;
    double degrees; ///< away from the palm's axis when spread by 1
};

constexpr std::array<Finger, 4> kFingers = {
    {{-0.195, 0.47, 0.36, 15}, {-0.065, 0.51, 0.43, 5}, {0.065, 0.51, 0.45, -5}, {0.19, 0.48, 0.38, -15}}};
constexpr double kFingerRadius = 0.074;

/// Share of its length that each finger is stretched, from the little finger to the index finger.
std::array<double, 4> stretch(Gesture gesture) {
    switch (gesture) {
    case Gesture::open: return {1, 1, 1, 1};
    case Gesture::relaxed: return {0.7, 0.75, 0.8, 0.85};
    case Gesture::point: return {0, 0, 0, 1};
    case Gesture::peace: return {0, 0, 1, 1};
    case Gesture::fist:
    case Gesture::thumb: break;
    }
    return {0, 0, 0, 0};
}

class HandDrawing {
public:
    HandDrawing(Canvas& canvas, const Frame& wrist, const HandStyle& style, Owner owner)
        : canvas_(canvas), frame_(wrist), style_(style), owner_(owner), mirror_(style.thumb_left ? -1 : 1) {}

    void draw() {
        const std::array<double, 4> lengths = stretch(style_.gesture);
        for (std::size_t i = 0; i < kFingers.size(); ++i) {
            if (lengths[i] > 0) draw_stretched(kFingers[i], lengths[i]);
        }
        draw_palm();
        const bool thumb_out =
            style_.gesture == Gesture::open || style_.gesture == Gesture::relaxed || style_.gesture == Gesture::thumb;
        if (thumb_out) draw_thumb();
        for (std::size_t i = 0; i < kFingers.size(); ++i) {
            if (lengths[i] == 0) draw_folded(kFingers[i]);
        }
        if (!thumb_out) limb({0.24, 0.16}, {0.0, 0.30}, 0.085); // across the folded fingers
    }

private:
    Point at(double x, double y) const { return frame_.at(mirror_ * x, y); }

    void limb(const Point& from, const Point& to, double radius) {
        const Point a = at(from.x, from.y);
        const Point b = at(to.x, to.y);
        canvas_.fill(capsule(a, b, (radius + kLine) * frame_.unit, (0.92 * radius + kLine) * frame_.unit),
                     flat(style_.skin.line, 1), owner_);
        canvas_.fill(capsule(a, b, radius * frame_.unit, 0.92 * radius * frame_.unit), flat(style_.skin.base, 0.95),
                     owner_);
    }

    void draw_stretched(const Finger& finger, double length) {
        const double angle = finger.degrees * style_.spread * kDegree;
        const Point tip{finger.base_x - std::sin(angle) * finger.length * length,
                        finger.base_y + std::cos(angle) * finger.length * length};
        limb({finger.base_x, finger.base_y}, tip, kFingerRadius);
    }

    void draw_folded(const Finger& finger) {
        limb({finger.base_x, finger.base_y + 0.05}, {finger.base_x * 0.92, finger.base_y - 0.16}, 1.1 * kFingerRadius);
    }

    void draw_palm() {
        const Polygon palm = {{-0.17, 0.0}, {0.17, 0.0},   {0.27, 0.22}, {0.26, 0.50},
                              {0.0, 0.57},  {-0.26, 0.50}, {-0.25, 0.22}};
        Polygon outline;
        Polygon inside;
        for (const Point& p : palm) {
            outline.push_back({mirror_ * p.x * 1.12, 0.29 + (p.y - 0.29) * 1.06});
            inside.push_back({mirror_ * p.x, p.y});
        }
        canvas_.fill(smooth(frame_, outline), flat(style_.skin.line, 1), owner_);
        canvas_.fill(smooth(frame_, inside), flat(style_.skin.base, 0.95), owner_);
    }

    void draw_thumb() {
        const bool up = style_.gesture == Gesture::thumb;
        const double reach = style_.gesture == Gesture::relaxed ? 0.7 : 1.0;
        const Point tip = up ? Point{0.62, 0.34} : Point{0.20 + 0.27 * reach, 0.24 + 0.24 * reach};
        limb({0.19, 0.17}, tip, 0.09);
        canvas_.fill(capsule(at(0.10, 0.2), at(0.19, 0.19), 0.1 * frame_.unit, 0.08 * frame_.unit),
                     flat(style_.skin.base, 0.97), owner_);
    }

    Canvas& canvas_;
    const Frame& frame_;
    const HandStyle& style_;
    Owner owner_;
    double mirror_;
};

} // namespace

Skin random_skin(Random& random) {
    constexpr std::array<Colour, 7> kTones = {{{255, 219, 187},
                                               {244, 200, 160},
                                               {229, 177, 134},
                                               {205, 148, 103},
                                               {166, 112, 74},
                                               {125, 80, 52},
                                               {92, 60, 42}}};
    const auto tone = static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(kTones.size()) - 1));
    Colour base = shade(kTones[tone], random.uniform(0.94, 1.03));
    base.b = std::min(255.0, base.b * random.uniform(0.94, 1.08));
    return {base, shade(base, 0.62)};
}

void draw_hand(Canvas& canvas, const Frame& wrist, const HandStyle& style, Owner owner) {
    HandDrawing(canvas, wrist, style, owner).draw();
}

Frame pointing(const Point& from, const Point& direction, double unit) {
    return {from, unit, std::atan2(-direction.x, direction.y)};
}

} // namespace banyan::demo
