#pragma once

#include <string>
#include <string_view>

#include "report/curve.h"

namespace banyan {

enum class Anchor { start, middle, end };

struct TextStyle {
    double size = 12; ///< px
    Anchor anchor = Anchor::start;
    std::string colour = "#1f2933";
    bool bold = false;
    bool upwards = false; ///< turned to be read from the bottom up
};

struct LineStyle {
    std::string colour = "#1f2933";
    double width = 1;
    double opacity = 1;
    std::string dashes = {}; ///< e.g. "6 3"; "" is a solid line
};

struct SvgRectangle {
    double x = 0;
    double y = 0;
    double width = 0;
    double height = 0;
};

/// Builds one SVG picture: white ground, no ids, no style sheet, no outside resource, so that any number of them can
/// stand in one HTML page. Texts are escaped. Coordinates are rounded to hundredths.
class SvgWriter {
public:
    /// @param description read out in place of the picture
    SvgWriter(int width, int height, std::string_view description);

    void line(double x0, double y0, double x1, double y1, const LineStyle& style);
    /// A line through the points, interrupted at gaps; a lone point becomes a dot.
    void path(const Curve& points, const LineStyle& style);
    void rectangle(const SvgRectangle& place, const std::string& colour, std::string_view tooltip = {});
    void disc(double x, double y, double radius, const std::string& colour, std::string_view tooltip = {});
    void ring(double x, double y, double radius, const LineStyle& style);
    void text(double x, double y, std::string_view content, const TextStyle& style);

    /// The finished picture; call it once, at the end.
    std::string finish();

private:
    void attribute(const char* name, double value);
    void stroke(const LineStyle& style);
    void circle(double x, double y, double radius);
    void fill(const std::string& element, const std::string& colour, std::string_view tooltip);

    std::string svg_;
};

/// About how wide `content` is in the sans-serif font of the pictures, in px.
double text_width(std::string_view content, double size);

} // namespace banyan
