#include "report/svg_writer.h"

#include <cmath>
#include <utility>

#include "report/axis_ticks.h"
#include "report/xml_text.h"

namespace banyan {
namespace {

/// Hundredths without trailing zeros: long paths are most of a report's bytes.
std::string coordinate(double value) {
    std::string text = format_fixed(value, 2);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
}

const char* anchor_name(Anchor anchor) {
    switch (anchor) {
    case Anchor::start: return "start";
    case Anchor::middle: return "middle";
    case Anchor::end: return "end";
    }
    return "start";
}

} // namespace

SvgWriter::SvgWriter(int width, int height, std::string_view description) {
    const std::string w = std::to_string(width), h = std::to_string(height);
    svg_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + w + "\" height=\"" + h + "\" viewBox=\"0 0 " + w +
           " " + h + "\" role=\"img\" aria-label=\"" + escape_xml(description) +
           "\" font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif\">\n";
    rectangle({0, 0, static_cast<double>(width), static_cast<double>(height)}, "#ffffff");
}

void SvgWriter::attribute(const char* name, double value) {
    svg_ += std::string(" ") + name + "=\"" + coordinate(value) + "\"";
}

void SvgWriter::stroke(const LineStyle& style) {
    svg_ += " stroke=\"" + style.colour + "\"";
    attribute("stroke-width", style.width);
    if (style.opacity < 1) attribute("stroke-opacity", style.opacity);
    if (!style.dashes.empty()) svg_ += " stroke-dasharray=\"" + style.dashes + "\"";
}

void SvgWriter::line(double x0, double y0, double x1, double y1, const LineStyle& style) {
    svg_ += "<line";
    attribute("x1", x0);
    attribute("y1", y0);
    attribute("x2", x1);
    attribute("y2", y1);
    stroke(style);
    svg_ += "/>\n";
}

void SvgWriter::path(const Curve& points, const LineStyle& style) {
    std::string data;
    bool drawing = false;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const CurvePoint& point = points[i];
        if (!std::isfinite(point.y) || !std::isfinite(point.x)) {
            drawing = false;
            continue;
        }
        const std::string place = coordinate(point.x) + " " + coordinate(point.y);
        const bool alone = !drawing && (i + 1 == points.size() || !std::isfinite(points[i + 1].y));
        data += (drawing ? "L" : "M") + place;
        if (alone) data += "L" + place; // a round cap of a line without length is a dot
        drawing = true;
    }
    if (data.empty()) return;
    svg_ += "<path fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\"";
    stroke(style);
    svg_ += " d=\"" + data + "\"/>\n";
}

void SvgWriter::rectangle(const SvgRectangle& place, const std::string& colour, std::string_view tooltip) {
    svg_ += "<rect";
    attribute("x", place.x);
    attribute("y", place.y);
    attribute("width", place.width);
    attribute("height", place.height);
    fill("rect", colour, tooltip);
}

void SvgWriter::fill(const std::string& element, const std::string& colour, std::string_view tooltip) {
    svg_ += " fill=\"" + colour + "\"";
    svg_ += tooltip.empty() ? "/>\n" : "><title>" + escape_xml(tooltip) + "</title></" + element + ">\n";
}

void SvgWriter::circle(double x, double y, double radius) {
    svg_ += "<circle";
    attribute("cx", x);
    attribute("cy", y);
    attribute("r", radius);
}

void SvgWriter::disc(double x, double y, double radius, const std::string& colour, std::string_view tooltip) {
    circle(x, y, radius);
    fill("circle", colour, tooltip);
}

void SvgWriter::ring(double x, double y, double radius, const LineStyle& style) {
    circle(x, y, radius);
    svg_ += " fill=\"none\"";
    stroke(style);
    svg_ += "/>\n";
}

void SvgWriter::text(double x, double y, std::string_view content, const TextStyle& style) {
    svg_ += "<text";
    attribute("x", x);
    attribute("y", y);
    attribute("font-size", style.size);
    svg_ += std::string(" text-anchor=\"") + anchor_name(style.anchor) + "\" fill=\"" + style.colour + "\"";
    if (style.bold) svg_ += " font-weight=\"600\"";
    if (style.upwards) svg_ += " transform=\"rotate(-90 " + coordinate(x) + " " + coordinate(y) + ")\"";
    svg_ += ">" + escape_xml(content) + "</text>\n";
}

std::string SvgWriter::finish() {
    svg_ += "</svg>\n";
    return std::move(svg_);
}

double text_width(std::string_view content, double size) {
    return 0.58 * size * static_cast<double>(count_characters(content));
}

} // namespace banyan
