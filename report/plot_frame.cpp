#include "report/plot_frame.h"

#include <algorithm>
#include <array>

namespace banyan::plot {
namespace {

constexpr std::array<const char*, 8> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                 "#e69f00", "#56b4e9", "#5b4fa2", "#4d5560"};
constexpr double kMargin = 16;
constexpr double kSwatch = 22; ///< length of a legend entry's line, with the gap behind it
constexpr double kLegendRow = 20;

} // namespace

std::string series_colour(std::size_t index) { return kColours[index % kColours.size()]; }

std::string series_dashes(std::size_t index) {
    constexpr std::array<const char*, 3> kDashes = {"", "7 4", "2 4"};
    return kDashes[index / kColours.size() % kDashes.size()];
}

Frame::Frame(int width, int height, const Texts& texts, const std::vector<std::string>& legend,
             const std::vector<Tick>& y_labels)
    : texts_(texts), height_(height) {
    double widest = 0;
    for (const Tick& tick : y_labels) widest = std::max(widest, text_width(tick.label, kLabelSize));
    left_ = kMargin + widest + 8 + (texts.y_label.empty() ? 0 : 20);
    right_ = width - kMargin - 8;
    bottom_ = height - kMargin - 18 - (texts.x_label.empty() ? 0 : 20);
    double y = texts.title.empty() ? kMargin : kMargin + 26;
    if (!legend.empty()) {
        double x = left_;
        for (const std::string& name : legend) {
            const double entry_width = kSwatch + text_width(name, kLabelSize) + 18;
            if (x > left_ && x + entry_width > right_) {
                x = left_;
                y += kLegendRow;
            }
            legend_.push_back({x, y + 8, name});
            x += entry_width;
        }
        y += kLegendRow + 4;
    }
    top_ = y + 8;
}

void Frame::draw_texts(SvgWriter& svg) const {
    if (!texts_.title.empty()) svg.text(left_, kMargin + 12, texts_.title, {.size = 15, .bold = true});
    for (std::size_t i = 0; i < legend_.size(); ++i) {
        const LegendEntry& entry = legend_[i];
        svg.line(entry.x, entry.y, entry.x + kSwatch - 6, entry.y,
                 {.colour = series_colour(i), .width = 4, .dashes = series_dashes(i)});
        svg.text(entry.x + kSwatch, entry.y + 4, entry.name, {.size = kLabelSize});
    }
    const TextStyle style{.size = kLabelSize, .anchor = Anchor::middle, .colour = "#3e4c59"};
    if (!texts_.x_label.empty()) svg.text((left_ + right_) / 2, height_ - kMargin + 2, texts_.x_label, style);
    if (texts_.y_label.empty()) return;
    TextStyle upwards = style;
    upwards.upwards = true;
    svg.text(kMargin + 8, (top_ + bottom_) / 2, texts_.y_label, upwards);
}

void Frame::draw_y_tick(SvgWriter& svg, double y, const std::string& label) const {
    svg.line(left_, y, right_, y, {.colour = kGridColour});
    svg.text(left_ - 8, y + 4, label, {.size = kLabelSize, .anchor = Anchor::end, .colour = "#3e4c59"});
}

} // namespace banyan::plot
