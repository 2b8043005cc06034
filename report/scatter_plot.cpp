#include "report/scatter_plot.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/check.h"
#include "report/plot_frame.h"

namespace banyan {
namespace {

constexpr double kRadius = 5, kCap = 4, kRing = 9; // px: a mark, half a cap of an error bar, the ring of a highlight
constexpr double kRoom = 0.06;                     // of the data's span, around it

bool is_drawable(const ScatterPoint& point) { return std::isfinite(point.x) && std::isfinite(point.y); }

/// The least and largest of what is added.
class Span {
public:
    void add(double value) {
        if (!std::isfinite(value)) return;
        low_ = std::min(low_, value);
        high_ = std::max(high_, value);
    }
    AxisTicks ticks(int wanted) const {
        if (low_ > high_) return linear_ticks(0, 1, wanted);
        const double room = kRoom * (high_ - low_);
        // An axis of amounts does not begin below zero to make room.
        return linear_ticks(low_ >= 0 ? std::max(0.0, low_ - room) : low_ - room, high_ + room, wanted);
    }

private:
    double low_ = std::numeric_limits<double>::infinity();
    double high_ = -std::numeric_limits<double>::infinity();
};

double overlap(const SvgRectangle& a, const SvgRectangle& b) {
    const double width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
    const double height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
    return width > 0 && height > 0 ? width * height : 0;
}

class ScatterPlot {
public:
    ScatterPlot(const std::vector<ScatterSeries>& series, const ScatterPlotOptions& options)
        : series_(series), options_(options), x_(span(true).ticks(std::max(2, options.width / 110))),
          y_(span(false).ticks(std::max(2, options.height / 70))),
          frame_(options.width, options.height, {options.title, options.x_label, options.y_label}, legend(), y_.ticks),
          svg_(options.width, options.height, options.title.empty() ? "scatter plot" : options.title) {}

    std::string draw() {
        for (const Tick& tick : y_.ticks) frame_.draw_y_tick(svg_, to_y(tick.value), tick.label);
        draw_x_axis();
        frame_.draw_texts(svg_);
        if (options_.pareto_line) draw_pareto_line();
        for_each_point([&](const ScatterPoint& point, std::size_t index) { draw_bars(point, index); });
        for_each_point([&](const ScatterPoint& point, std::size_t index) { draw_mark(point, index); });
        for_each_point([&](const ScatterPoint& point, std::size_t) { draw_label(point); });
        return svg_.finish();
    }

private:
    template <typename Action>
    void for_each_point(Action action) {
        for (std::size_t i = 0; i < series_.size(); ++i) {
            for (const ScatterPoint& point : series_[i].points) {
                if (is_drawable(point)) action(point, i);
            }
        }
    }

    Span span(bool of_x) {
        Span span;
        for_each_point([&](const ScatterPoint& point, std::size_t) {
            for (const double value :
                 of_x ? std::array{point.x, point.x_low, point.x_high} : std::array{point.y, point.y_low, point.y_high})
                span.add(value);
        });
        return span;
    }

    std::vector<std::string> legend() const {
        std::vector<std::string> names;
        for (const ScatterSeries& one : series_) {
            const bool any = std::any_of(one.points.begin(), one.points.end(), is_drawable);
            names.push_back(any ? one.name : one.name + " (no data)");
        }
        return names;
    }

    double to_x(double value) const {
        return frame_.left() + (value - x_.low) / (x_.high - x_.low) * (frame_.right() - frame_.left());
    }
    double to_y(double value) const {
        return frame_.bottom() - (value - y_.low) / (y_.high - y_.low) * (frame_.bottom() - frame_.top());
    }

    void draw_x_axis() {
        svg_.line(frame_.left(), frame_.bottom(), frame_.right(), frame_.bottom(), {.colour = plot::kAxisColour});
        for (const Tick& tick : x_.ticks) {
            const double x = to_x(tick.value);
            svg_.line(x, frame_.bottom(), x, frame_.bottom() + 5, {.colour = plot::kAxisColour});
            svg_.text(x, frame_.bottom() + 18, tick.label,
                      {.size = plot::kLabelSize, .anchor = Anchor::middle, .colour = "#3e4c59"});
        }
    }

    /// What can be had at most for each cost: flat until the next point of the front.
    void draw_pareto_line() {
        std::vector<ScatterPoint> points;
        for_each_point([&](const ScatterPoint& point, std::size_t) { points.push_back(point); });
        Curve stairs;
        for (const std::size_t index : pareto_front(points)) {
            const double x = to_x(points[index].x);
            if (!stairs.empty()) stairs.push_back({x, stairs.back().y});
            stairs.push_back({x, to_y(points[index].y)});
        }
        if (!stairs.empty()) stairs.push_back({frame_.right(), stairs.back().y});
        for (std::size_t i = 1; i < stairs.size(); ++i) cover(stairs[i - 1], stairs[i]);
        svg_.path(stairs, {.colour = plot::kAxisColour, .width = 1.5, .dashes = "6 4"});
    }

    void draw_bars(const ScatterPoint& point, std::size_t series) {
        const LineStyle style{.colour = plot::series_colour(series), .width = 1.5, .opacity = 0.7};
        const double x = to_x(point.x), y = to_y(point.y);
        for (const double end : {point.y_low, point.y_high}) {
            if (!std::isfinite(end)) continue;
            svg_.line(x, y, x, to_y(end), style);
            cover({x, y}, {x, to_y(end)});
            svg_.line(x - kCap, to_y(end), x + kCap, to_y(end), style);
        }
        for (const double end : {point.x_low, point.x_high}) {
            if (!std::isfinite(end)) continue;
            svg_.line(x, y, to_x(end), y, style);
            cover({x, y}, {to_x(end), y});
            svg_.line(to_x(end), y - kCap, to_x(end), y + kCap, style);
        }
    }

    /// Labels keep off a level or upright line.
    void cover(const CurvePoint& a, const CurvePoint& b) {
        covered_.push_back(
            {std::min(a.x, b.x) - 1, std::min(a.y, b.y) - 1, std::abs(a.x - b.x) + 2, std::abs(a.y - b.y) + 2});
    }

    void draw_mark(const ScatterPoint& point, std::size_t series) {
        const double x = to_x(point.x), y = to_y(point.y);
        if (point.highlighted) svg_.ring(x, y, kRing, {.colour = "#1f2933", .width = 1.5});
        std::string tooltip = series_[series].name;
        if (!point.label.empty()) tooltip += (tooltip.empty() ? "" : ", ") + point.label;
        tooltip += ": " + format_short(point.x) + ", " + format_short(point.y);
        svg_.disc(x, y, kRadius, plot::series_colour(series), tooltip);
        covered_.push_back({x - kRadius, y - kRadius, 2 * kRadius, 2 * kRadius});
    }

    void draw_label(const ScatterPoint& point) {
        if (point.label.empty()) return;
        const double x = to_x(point.x), y = to_y(point.y), height = plot::kLabelSize + 2;
        const double width = text_width(point.label, plot::kLabelSize), gap = point.highlighted ? kRing + 3 : 9;
        const std::array<SvgRectangle, 6> places{{{x + gap, y - height / 2, width, height},
                                                  {x - gap - width, y - height / 2, width, height},
                                                  {x + 4, y - gap - height, width, height},
                                                  {x + 4, y + gap, width, height},
                                                  {x - 4 - width, y - gap - height, width, height},
                                                  {x - 4 - width, y + gap, width, height}}};
        const auto better = [&](const auto& a, const auto& b) { return hidden_by(a) < hidden_by(b); };
        const SvgRectangle place = *std::min_element(places.begin(), places.end(), better);
        svg_.text(place.x, place.y + height - 4, point.label, {.size = plot::kLabelSize});
        covered_.push_back(place);
    }

    /// Area of a label that would lie on marks, lines and labels, or outside; whole pixels, so that rounding decides
    /// nothing.
    double hidden_by(const SvgRectangle& place) const {
        const SvgRectangle inside{frame_.left(), frame_.top(), frame_.right() - frame_.left(),
                                  frame_.bottom() - frame_.top()};
        double hidden = place.width * place.height - overlap(place, inside);
        for (const SvgRectangle& other : covered_) hidden += overlap(place, other);
        return std::round(hidden);
    }

    const std::vector<ScatterSeries>& series_;
    const ScatterPlotOptions& options_;
    AxisTicks x_, y_;
    plot::Frame frame_;
    SvgWriter svg_;
    std::vector<SvgRectangle> covered_; ///< by marks, lines and labels
};

} // namespace

std::vector<std::size_t> pareto_front(const std::vector<ScatterPoint>& points) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (is_drawable(points[i])) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return points[a].x != points[b].x ? points[a].x < points[b].x : points[a].y > points[b].y;
    });
    std::vector<std::size_t> front;
    for (const std::size_t index : order) {
        if (front.empty() || points[index].y > points[front.back()].y) front.push_back(index);
    }
    return front;
}

std::string scatter_plot_svg(const std::vector<ScatterSeries>& series, const ScatterPlotOptions& options) {
    BANYAN_CHECK(options.width >= 240 && options.width <= 4096 && options.height >= 160 && options.height <= 4096,
                 "a plot's size must be in [240, 4096] x [160, 4096], got ", options.width, " x ", options.height);
    return ScatterPlot(series, options).draw();
}

} // namespace banyan
