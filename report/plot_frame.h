#pragma once

#include <string>
#include <vector>

#include "report/axis_ticks.h"
#include "report/svg_writer.h"

/// What line plots and bar charts share; not for other folders.
namespace banyan::plot {

inline constexpr double kLabelSize = 12;
inline constexpr const char* kGridColour = "#e3e8ee";
inline constexpr const char* kAxisColour = "#7b8794";

/// Colour of series `index`, distinguishable for colour-blind readers (after M. Okabe and K. Ito); repeats after 8.
std::string series_colour(std::size_t index);
/// Solid for the first 8 series, then dashed, so that a repeated colour can be told.
std::string series_dashes(std::size_t index);

struct Texts {
    std::string title;
    std::string x_label;
    std::string y_label;
};

/// The area of the data within the picture, and what stands around it.
class Frame {
public:
    /// @param y_labels the widest decides the left margin
    Frame(int width, int height, const Texts& texts, const std::vector<std::string>& legend,
          const std::vector<Tick>& y_labels);

    double left() const { return left_; }
    double right() const { return right_; }
    double top() const { return top_; }
    double bottom() const { return bottom_; }

    /// Title, axis titles and legend.
    void draw_texts(SvgWriter& svg) const;
    /// A grid line and a label for the tick at height y (px).
    void draw_y_tick(SvgWriter& svg, double y, const std::string& label) const;

private:
    struct LegendEntry {
        double x = 0;
        double y = 0;
        std::string name;
    };

    Texts texts_;
    std::vector<LegendEntry> legend_;
    double left_ = 0, right_ = 0, top_ = 0, bottom_ = 0;
    double height_ = 0;
};

} // namespace banyan::plot
