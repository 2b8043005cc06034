#include <algorithm>
#include <cmath>
#include <limits>

#include "core/check.h"
#include "report/plot_frame.h"
#include "report/svg_plot.h"

namespace banyan {
namespace {

struct Range {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    void add(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
    bool empty() const { return low > high; }
};

/// A series as it is drawn: the raw line, and the smooth one when it is wanted.
struct DrawnSeries {
    std::string legend;
    Curve raw;
    Curve smooth;
};

Curve drawable(const Curve& points, bool log_y) {
    Curve result = points;
    for (CurvePoint& point : result) {
        const bool shown = std::isfinite(point.x) && std::isfinite(point.y) && (!log_y || point.y > 0);
        if (!shown) point.y = std::numeric_limits<double>::quiet_NaN();
    }
    std::erase_if(result, [](const CurvePoint& point) { return !std::isfinite(point.x); });
    return result;
}

class LinePlot {
public:
    LinePlot(const std::vector<PlotSeries>& series, const LinePlotOptions& options) : options_(options) {
        for (const PlotSeries& one : series) {
            Curve points = drawable(one.points, options.log_y);
            const bool any =
                std::any_of(points.begin(), points.end(), [](const CurvePoint& p) { return std::isfinite(p.y); });
            Curve smooth = options.smoothing > 0 ? smooth_curve(points, options.smoothing) : Curve{};
            series_.push_back({any ? one.name : one.name + " (no data)", std::move(points), std::move(smooth)});
        }
        find_ranges();
    }

    std::string draw() const {
        std::vector<std::string> legend;
        for (const DrawnSeries& one : series_) legend.push_back(one.legend);
        const plot::Frame frame(options_.width, options_.height, {options_.title, options_.x_label, options_.y_label},
                                legend, y_.ticks);
        SvgWriter svg(options_.width, options_.height, options_.title.empty() ? "line plot" : options_.title);
        for (const Tick& tick : y_.ticks) frame.draw_y_tick(svg, to_y(frame, tick.value), tick.label);
        draw_x_axis(svg, frame);
        frame.draw_texts(svg);
        for (std::size_t i = 0; i < series_.size(); ++i) draw_series(svg, frame, i);
        return svg.finish();
    }

private:
    void find_ranges() {
        Range x, y;
        for (const DrawnSeries& one : series_) {
            for (const CurvePoint& point : one.raw) {
                if (!std::isfinite(point.y)) continue;
                x.add(point.x);
                y.add(point.y);
            }
        }
        if (x.empty()) {
            x = {0, 1};
            y = {options_.log_y ? 0.1 : 0.0, 1};
        }
        x_ = inner_ticks(x.low, x.high, std::max(2, options_.width / 110));
        y_ = options_.log_y ? log_ticks(y.low, y.high)
                            : linear_ticks(options_.y_low.value_or(y.low), options_.y_high.value_or(y.high),
                                           std::max(2, options_.height / 70));
    }

    double to_x(const plot::Frame& frame, double x) const {
        return frame.left() + (x - x_.low) / (x_.high - x_.low) * (frame.right() - frame.left());
    }
    double to_y(const plot::Frame& frame, double y) const {
        const double share =
            options_.log_y ? std::log(y / y_.low) / std::log(y_.high / y_.low) : (y - y_.low) / (y_.high - y_.low);
        // Values beyond fixed ends are drawn at the edge.
        return frame.bottom() - std::clamp(share, 0.0, 1.0) * (frame.bottom() - frame.top());
    }

    void draw_x_axis(SvgWriter& svg, const plot::Frame& frame) const {
        svg.line(frame.left(), frame.bottom(), frame.right(), frame.bottom(), {.colour = plot::kAxisColour});
        for (const Tick& tick : x_.ticks) {
            const double x = to_x(frame, tick.value);
            svg.line(x, frame.bottom(), x, frame.bottom() + 5, {.colour = plot::kAxisColour});
            svg.text(x, frame.bottom() + 18, tick.label,
                     {.size = plot::kLabelSize, .anchor = Anchor::middle, .colour = "#3e4c59"});
        }
    }

    void draw_series(SvgWriter& svg, const plot::Frame& frame, std::size_t index) const {
        const auto draw = [&](const Curve& curve, double width, double opacity) {
            Curve points = thin_curve(curve, static_cast<std::size_t>(frame.right() - frame.left()));
            for (CurvePoint& point : points) {
                point = {to_x(frame, point.x), std::isfinite(point.y) ? to_y(frame, point.y) : point.y};
            }
            svg.path(points, {.colour = plot::series_colour(index),
                              .width = width,
                              .opacity = opacity,
                              .dashes = plot::series_dashes(index)});
        };
        const DrawnSeries& one = series_[index];
        if (one.smooth.empty()) {
            draw(one.raw, 1.8, 1);
        } else {
            draw(one.raw, 1, 0.25);
            draw(one.smooth, 2, 1);
        }
    }

    const LinePlotOptions& options_;
    std::vector<DrawnSeries> series_;
    AxisTicks x_;
    AxisTicks y_;
};

} // namespace

std::string line_plot_svg(const std::vector<PlotSeries>& series, const LinePlotOptions& options) {
    BANYAN_CHECK(options.width >= 240 && options.width <= 4096 && options.height >= 160 && options.height <= 4096,
                 "a plot's size must be in [240, 4096] x [160, 4096], got ", options.width, " x ", options.height);
    return LinePlot(series, options).draw();
}

} // namespace banyan
