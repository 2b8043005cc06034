#include "report/histogram_plot.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "report/plot_frame.h"

namespace banyan {
namespace {

constexpr double kColumn = 3;           // px: the narrowest bar
constexpr double kOverlap = 0.3;        // px: no light between bars
constexpr double kLeastCount = 0.5;     // the foot of the axis, so that one number can be seen
constexpr const char* kCut = "#fbe4e1"; // ground of what is not kept
constexpr const char* kEnd = "#d55e00"; // ends of what is kept

double largest_of(const std::vector<double>& counts) { return *std::max_element(counts.begin(), counts.end()); }

class Drawing {
public:
    explicit Drawing(const HistogramPlot& plot)
        : plot_(plot), high_(plot.low + plot.bin_width * static_cast<double>(plot.counts.size())),
          y_(log_ticks(1, std::max(10.0, largest_of(plot.counts)))),
          frame_(plot.width, plot.height, {plot.title, plot.x_label, "numbers"}, {}, y_.ticks),
          svg_(plot.width, plot.height, plot.title.empty() ? "histogram" : plot.title) {}

    std::string draw() {
        if (plot_.kept_low) draw_cut(plot_.low, *plot_.kept_low);
        if (plot_.kept_high) draw_cut(*plot_.kept_high, high_);
        for (const Tick& tick : y_.ticks) frame_.draw_y_tick(svg_, to_y(tick.value), tick.label);
        draw_bars();
        for (const auto& end : {plot_.kept_low, plot_.kept_high}) {
            if (!end) continue;
            svg_.line(to_x(*end), frame_.top(), to_x(*end), frame_.bottom(),
                      {.colour = kEnd, .width = 1.5, .dashes = "4 3"});
        }
        draw_x_axis();
        frame_.draw_texts(svg_);
        return svg_.finish();
    }

private:
    double to_x(double value) const {
        const double share = std::clamp((value - plot_.low) / (high_ - plot_.low), 0.0, 1.0);
        return frame_.left() + share * (frame_.right() - frame_.left());
    }
    double to_y(double count) const {
        const double share = std::log(count / kLeastCount) / std::log(y_.high / kLeastCount);
        return frame_.bottom() - std::clamp(share, 0.0, 1.0) * (frame_.bottom() - frame_.top());
    }

    void draw_cut(double low, double high) {
        if (high <= low) return;
        svg_.rectangle({to_x(low), frame_.top(), to_x(high) - to_x(low), frame_.bottom() - frame_.top()}, kCut);
    }

    /// A bar of joined bins has the height of its fullest: heights do not depend on the size, and none gets lost.
    void draw_bars() {
        const auto room = static_cast<std::size_t>((frame_.right() - frame_.left()) / kColumn);
        const std::size_t bins = plot_.counts.size(), columns = std::min(bins, room);
        for (std::size_t column = 0; column < columns; ++column) {
            const std::size_t first = column * bins / columns, end = (column + 1) * bins / columns;
            double fullest = 0;
            for (std::size_t bin = first; bin < end; ++bin) fullest = std::max(fullest, plot_.counts[bin]);
            if (fullest <= 0) continue;
            const double left = to_x(edge(first)), top = to_y(fullest);
            svg_.rectangle({left, top, to_x(edge(end)) - left + kOverlap, frame_.bottom() - top},
                           plot::series_colour(0));
        }
    }
    double edge(std::size_t bin) const { return plot_.low + plot_.bin_width * static_cast<double>(bin); }

    void draw_x_axis() {
        svg_.line(frame_.left(), frame_.bottom(), frame_.right(), frame_.bottom(), {.colour = plot::kAxisColour});
        for (const Tick& tick : inner_ticks(plot_.low, high_, std::max(2, plot_.width / 80)).ticks) {
            const double x = to_x(tick.value);
            svg_.line(x, frame_.bottom(), x, frame_.bottom() + 5, {.colour = plot::kAxisColour});
            svg_.text(x, frame_.bottom() + 18, tick.label,
                      {.size = plot::kLabelSize, .anchor = Anchor::middle, .colour = "#3e4c59"});
        }
    }

    const HistogramPlot& plot_;
    double high_;
    AxisTicks y_;
    plot::Frame frame_;
    SvgWriter svg_;
};

} // namespace

std::string histogram_svg(const HistogramPlot& plot) {
    BANYAN_CHECK(!plot.counts.empty() && plot.bin_width > 0, "a histogram needs bins with a width");
    BANYAN_CHECK(plot.width >= 240 && plot.width <= 4096 && plot.height >= 160 && plot.height <= 4096,
                 "a plot's size must be in [240, 4096] x [160, 4096], got ", plot.width, " x ", plot.height);
    return Drawing(plot).draw();
}

} // namespace banyan
