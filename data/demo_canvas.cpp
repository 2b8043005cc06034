#include "data/demo_canvas.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "core/check.h"

namespace banyan::demo {
namespace {

constexpr int kOver = 2;         ///< canvas pixels per picture pixel
constexpr int kFractionBits = 4; ///< of polygon corners
constexpr int kMarginParts = 5;  ///< margin = side / kMarginParts

std::uint8_t to_byte(double value) { return static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0) + 0.5); }

struct Rows {
    int first = 0;
    int height = 1;
};

bool in_pattern(const Paint& paint, int x, int y) {
    const int period = std::max(2, static_cast<int>(std::lround(paint.pattern_px * kOver)));
    const int px = ((x % period) + period) % period;
    const int py = ((y % period) + period) % period;
    switch (paint.pattern) {
    case Pattern::plain: return false;
    case Pattern::stripes_across: return 2 * py < period;
    case Pattern::stripes_down: return 2 * px < period;
    case Pattern::checks: return (2 * px < period) != (2 * py < period);
    case Pattern::dots: {
        const int dx = 2 * px - period;
        const int dy = 2 * py - period;
        return 9 * (dx * dx + dy * dy) < 4 * period * period / 2;
    }
    }
    return false;
}

/// Blends one row of a shape into the picture. `alpha` [count]; x, y: canvas pixel of the row's first one.
void blend_row(std::uint8_t* rgb, const std::uint8_t* alpha, const cv::Rect& row, const Paint& paint,
               const Colour& base) {
    for (int i = 0; i < row.width; ++i, rgb += 3) {
        if (alpha[i] == 0) continue;
        const Colour& colour = in_pattern(paint, row.x + i, row.y) ? paint.accent : base;
        const double share = alpha[i] * paint.alpha / 255.0;
        rgb[0] = to_byte(rgb[0] + share * (colour.r - rgb[0]));
        rgb[1] = to_byte(rgb[1] + share * (colour.g - rgb[1]));
        rgb[2] = to_byte(rgb[2] + share * (colour.b - rgb[2]));
    }
}

struct Added {
    std::int64_t part = 0;
    std::int64_t figure = 0;
};

/// Gives the pixels that are covered by half or more to `owner`; counts those that were not the part's or the figure's.
void own_row(Owner* owners, const std::uint8_t* alpha, int count, Owner owner, Added& added) {
    for (int i = 0; i < count; ++i) {
        if (alpha[i] < 128 || owners[i] == owner) continue;
        if (owners[i] / kPartsPerFigure != owner / kPartsPerFigure) ++added.figure;
        owners[i] = owner;
        ++added.part;
    }
}

} // namespace

Colour blend(const Colour& a, const Colour& b, double share) {
    return {a.r + share * (b.r - a.r), a.g + share * (b.g - a.g), a.b + share * (b.b - a.b)};
}

Colour shade(const Colour& colour, double factor) {
    return {std::min(255.0, colour.r * factor), std::min(255.0, colour.g * factor), std::min(255.0, colour.b * factor)};
}

Colour from_hsv(double hue, double saturation, double value) {
    const auto channel = [&](double shift) {
        const double k = std::fmod(shift + hue / 60.0, 6.0);
        return 255.0 * value * (1.0 - saturation * std::clamp(std::min(k, 4.0 - k), 0.0, 1.0));
    };
    return {channel(5), channel(3), channel(1)};
}

Paint flat(const Colour& colour, double bottom_factor) {
    Paint paint;
    paint.top = colour;
    paint.bottom = shade(colour, bottom_factor);
    return paint;
}

struct Canvas::State {
    int side = 0;
    int margin = 0;
    cv::Mat rgb;                             ///< 8UC3, canvas pixels
    cv::Mat owners;                          ///< 16UC1
    cv::Mat mask;                            ///< 8UC1, scratch of one shape
    std::vector<std::int64_t> drawn_parts;   ///< [owner]
    std::vector<std::int64_t> drawn_figures; ///< [figure]

    cv::Point to_canvas(const Point& point, const cv::Point& corner) const {
        const double scale = kOver << kFractionBits;
        return {static_cast<int>(std::lround((point.x + margin) * scale)) - (corner.x << kFractionBits),
                static_cast<int>(std::lround((point.y + margin) * scale)) - (corner.y << kFractionBits)};
    }
    void count(Owner owner, const Added& added) {
        const std::size_t figure = owner / kPartsPerFigure;
        drawn_parts.resize(std::max(drawn_parts.size(), std::size_t{owner} + 1));
        drawn_figures.resize(std::max(drawn_figures.size(), figure + 1));
        drawn_parts[owner] += added.part;
        drawn_figures[figure] += added.figure;
    }
    cv::Rect picture_area() const { return {margin * kOver, margin * kOver, side * kOver, side * kOver}; }
};

Canvas::Canvas(int side) : state_(std::make_unique<State>()) {
    BANYAN_CHECK(side >= 32, "a demo canvas needs a side of 32 or more, got ", side);
    state_->side = side;
    state_->margin = side / kMarginParts;
    const int size = (side + 2 * state_->margin) * kOver;
    state_->rgb = cv::Mat(size, size, CV_8UC3, cv::Scalar(128, 128, 128));
    state_->owners = cv::Mat::zeros(size, size, CV_16UC1);
    state_->mask = cv::Mat::zeros(size, size, CV_8UC1);
}

Canvas::~Canvas() = default;

int Canvas::side() const { return state_->side; }
int Canvas::margin() const { return state_->margin; }

void Canvas::fill(const Polygon& polygon, const Paint& paint, Owner owner) { cover(polygon, paint, true, owner); }
void Canvas::tint(const Polygon& polygon, const Paint& paint) { cover(polygon, paint, false, kScene); }

void Canvas::cover(const Polygon& polygon, const Paint& paint, bool owned, Owner owner) {
    BANYAN_CHECK(polygon.size() >= 3, "a polygon needs three corners, got ", polygon.size());
    State& state = *state_;
    std::vector<cv::Point> corners;
    for (const Point& point : polygon) corners.push_back(state.to_canvas(point, {0, 0}));
    cv::Rect area = cv::boundingRect(corners);
    const int top = area.y >> kFractionBits;
    const int height = std::max(1, area.height >> kFractionBits);
    area = cv::Rect((area.x >> kFractionBits) - 2, top - 2, (area.width >> kFractionBits) + 5, height + 5) &
           cv::Rect(0, 0, state.rgb.cols, state.rgb.rows);
    if (area.empty()) return;

    cv::Mat mask = state.mask(area);
    mask.setTo(0);
    for (cv::Point& corner : corners) corner -= cv::Point(area.x << kFractionBits, area.y << kFractionBits);
    cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{corners}, cv::Scalar(255), cv::LINE_AA, kFractionBits);

    Added added;
    for (int y = 0; y < area.height; ++y) {
        const int canvas_y = area.y + y;
        const double down = std::clamp(static_cast<double>(canvas_y - top) / height, 0.0, 1.0);
        const std::uint8_t* alpha = mask.ptr(y);
        blend_row(state.rgb.ptr(canvas_y) + 3 * area.x, alpha, {area.x, canvas_y, area.width, 1}, paint,
                  blend(paint.top, paint.bottom, down));
        if (owned) own_row(state.owners.ptr<Owner>(canvas_y) + area.x, alpha, area.width, owner, added);
    }
    if (owned) state.count(owner, added);
}

void Canvas::add_noise(double y0, double y1, double cell_px, double strength, Random& random) {
    State& state = *state_;
    const int first = std::clamp(static_cast<int>((y0 + state.margin) * kOver), 0, state.rgb.rows);
    const int last = std::clamp(static_cast<int>((y1 + state.margin) * kOver), 0, state.rgb.rows);
    if (last <= first) return;
    const auto cells = [&](int pixels) { return 2 + static_cast<int>(pixels / (cell_px * kOver)); };
    cv::Mat grid(cells(last - first), cells(state.rgb.cols), CV_32FC1);
    for (int y = 0; y < grid.rows; ++y) {
        for (int x = 0; x < grid.cols; ++x)
            grid.at<float>(y, x) = static_cast<float>(random.uniform(-strength, strength));
    }
    cv::Mat noise;
    cv::resize(grid, noise, cv::Size(state.rgb.cols, last - first), 0, 0, cv::INTER_CUBIC);
    for (int y = first; y < last; ++y) {
        std::uint8_t* rgb = state.rgb.ptr(y);
        const float* height = noise.ptr<float>(y - first);
        for (int i = 0; i < 3 * state.rgb.cols; ++i) rgb[i] = to_byte(rgb[i] + static_cast<double>(height[i / 3]));
    }
}

void Canvas::blur(double sigma_px) {
    cv::GaussianBlur(state_->rgb, state_->rgb, cv::Size(), sigma_px * kOver, sigma_px * kOver, cv::BORDER_REFLECT_101);
}

Visible Canvas::visible_part(Owner owner) const {
    Visible result = visible(owner, owner);
    if (owner < state_->drawn_parts.size()) result.drawn = state_->drawn_parts[owner];
    return result;
}

Visible Canvas::visible_figure(int figure) const {
    const auto first = static_cast<Owner>(figure * kPartsPerFigure);
    Visible result = visible(first, static_cast<Owner>(first + kPartsPerFigure - 1));
    const auto index = static_cast<std::size_t>(figure);
    if (index < state_->drawn_figures.size()) result.drawn = state_->drawn_figures[index];
    return result;
}

Visible Canvas::visible(Owner first, Owner last) const {
    const State& state = *state_;
    Visible result;
    const cv::Mat owners = state.owners(state.picture_area());
    int x0 = owners.cols, y0 = owners.rows, x1 = 0, y1 = 0;
    for (int y = 0; y < owners.rows; ++y) {
        const Owner* row = owners.ptr<Owner>(y);
        for (int x = 0; x < owners.cols; ++x) {
            if (row[x] < first || row[x] > last) continue;
            ++result.pixels;
            x0 = std::min(x0, x);
            x1 = std::max(x1, x + 1);
            y0 = std::min(y0, y);
            y1 = y + 1;
        }
    }
    if (result.pixels == 0) return result;
    const auto half = [](int value) { return static_cast<float>(value) / kOver; };
    result.box = {half(x0), half(y0), half(x1), half(y1)};
    return result;
}

Image Canvas::picture() const {
    Image image(state_->side, state_->side);
    cv::Mat target(state_->side, state_->side, CV_8UC3, image.rgb.data());
    cv::resize(state_->rgb(state_->picture_area()), target, target.size(), 0, 0, cv::INTER_AREA);
    return image;
}

} // namespace banyan::demo
