#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "report/plot_frame.h"
#include "report/svg_plot.h"

namespace banyan {
namespace {

void check_chart(const std::vector<std::string>& groups, const std::vector<BarSeries>& series,
                 const BarChartOptions& options) {
    BANYAN_CHECK(options.width >= 240 && options.width <= 4096 && options.height >= 160 && options.height <= 4096,
                 "a chart's size must be in [240, 4096] x [160, 4096], got ", options.width, " x ", options.height);
    for (const BarSeries& one : series) {
        BANYAN_CHECK(one.values.size() == groups.size(), "bars \"", one.name, "\": ", one.values.size(), " values for ",
                     groups.size(), " groups");
    }
}

AxisTicks value_axis(const std::vector<BarSeries>& series, const BarChartOptions& options) {
    double low = 0, high = 0;
    for (const BarSeries& one : series) {
        for (const double value : one.values) {
            if (!std::isfinite(value)) continue;
            low = std::min(low, value);
            high = std::max(high, value);
        }
    }
    high = options.y_high.value_or(high);
    return linear_ticks(low, high > low ? high : low + 1, std::max(2, options.height / 70));
}

class BarChart {
public:
    BarChart(const std::vector<BarSeries>& series, const BarChartOptions& options, const AxisTicks& axis,
             const plot::Frame& frame)
        : series_(series), options_(options), axis_(axis), frame_(frame) {}

    /// The bars of group `index` within [left, left + width].
    void draw_group(SvgWriter& svg, const std::string& group, std::size_t index, double left, double width) const {
        const double inner = 0.74 * width;
        const double bar = std::min(72.0, inner / static_cast<double>(std::max<std::size_t>(1, series_.size())));
        double x = left + 0.5 * (width - bar * static_cast<double>(series_.size()));
        for (std::size_t i = 0; i < series_.size(); ++i, x += bar)
            draw_bar(svg, group, i, series_[i].values[index], x, bar);
        svg.text(left + 0.5 * width, frame_.bottom() + 18, group,
                 {.size = plot::kLabelSize + 1, .anchor = Anchor::middle});
    }

    double to_y(double value) const {
        const double share = std::clamp((value - axis_.low) / (axis_.high - axis_.low), 0.0, 1.0);
        return frame_.bottom() - share * (frame_.bottom() - frame_.top());
    }

private:
    void draw_bar(SvgWriter& svg, const std::string& group, std::size_t series_index, double value, double x,
                  double width) const {
        const std::string number = format_fixed(value, options_.decimals);
        const double zero = to_y(0);
        const double end = std::isfinite(value) ? to_y(value) : zero;
        const double gap = std::min(3.0, 0.08 * width);
        if (std::isfinite(value)) {
            svg.rectangle({x + gap, std::min(zero, end), width - 2 * gap, std::abs(end - zero)},
                          plot::series_colour(series_index), series_[series_index].name + ", " + group + ": " + number);
        }
        const double size = std::clamp(width / std::max(1.0, text_width(number, 1)), 7.0, 12.0);
        svg.text(x + 0.5 * width, value < 0 ? end + size + 2 : end - 5, number,
                 {.size = size, .anchor = Anchor::middle, .colour = "#1f2933"});
    }

    const std::vector<BarSeries>& series_;
    const BarChartOptions& options_;
    const AxisTicks& axis_;
    const plot::Frame& frame_;
};

} // namespace

std::string bar_chart_svg(const std::vector<std::string>& groups, const std::vector<BarSeries>& series,
                          const BarChartOptions& options) {
    check_chart(groups, series, options);
    const AxisTicks axis = value_axis(series, options);
    std::vector<std::string> legend;
    for (const BarSeries& one : series) legend.push_back(one.name);
    const plot::Frame frame(options.width, options.height, {options.title, "", options.y_label}, legend, axis.ticks);
    SvgWriter svg(options.width, options.height, options.title.empty() ? "bar chart" : options.title);
    const BarChart chart(series, options, axis, frame);
    for (const Tick& tick : axis.ticks) frame.draw_y_tick(svg, chart.to_y(tick.value), tick.label);
    frame.draw_texts(svg);
    const double width = (frame.right() - frame.left()) / static_cast<double>(std::max<std::size_t>(1, groups.size()));
    for (std::size_t i = 0; i < groups.size(); ++i) {
        chart.draw_group(svg, groups[i], i, frame.left() + static_cast<double>(i) * width, width);
    }
    svg.line(frame.left(), chart.to_y(0), frame.right(), chart.to_y(0), {.colour = plot::kAxisColour});
    return svg.finish();
}

} // namespace banyan
