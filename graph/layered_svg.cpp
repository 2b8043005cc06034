#include "graph/layered_svg.h"

#include <algorithm>
#include <map>

#include "core/check.h"
#include "graph/layer_groups.h"
#include "graph/shape_inference.h"

namespace banyan {

namespace {

using detail::concat_parts;

constexpr int kLineHeight = 14, kHeadingHeight = 44, kPictureGap = 40;

/// Text for XML; control characters, which XML forbids, become "?".
std::string escaped(const std::string& text) {
    static const std::map<char, std::string> entities{{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}};
    std::string result;
    for (const char c : text) {
        const auto found = entities.find(c);
        const bool control = static_cast<unsigned char>(c) < 0x20;
        result += found != entities.end() ? found->second : std::string(1, control ? '?' : c);
    }
    return result;
}

/// At most kMaxLetters UTF-8 letters; the beginning is cut, because ends of names tell more.
std::string shortened(const std::string& text) {
    std::size_t letters = 0;
    for (std::size_t i = text.size(); i-- > 0;) {
        const bool starts_letter = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
        if (starts_letter && ++letters == kMaxLetters && i > 0) return "\u2026" + text.substr(i);
    }
    return text;
}

std::string text_line(int x, int y, const std::string& style, const std::string& text) {
    return concat_parts("<text x=\"", x, "\" y=\"", y, "\" class=\"", style, "\">", escaped(text), "</text>\n");
}

std::string box_svg(const LayeredLayout& layout, int index, const LayeredBox& box) {
    const int left = layout.left(index), top = layout.top(index), height = layout.height(index);
    std::string text = "<g><title>" + escaped(box.title) + "</title>\n";
    text += concat_parts("<rect x=\"", left, "\" y=\"", top, "\" width=\"", kBoxWidth, "\" height=\"", height,
                         "\" rx=\"5\" fill=\"", box.colour, "\"", box.is_output ? " class=\"output\"" : "", "/>\n");
    const int line_height = std::min(kLineHeight, (height - 4) / std::max(1, static_cast<int>(box.lines.size())));
    int y = top;
    for (const std::string& line : box.lines) {
        text += text_line(left + 7, y += line_height, &line == box.lines.data() ? "name" : "detail", shortened(line));
    }
    return text + "</g>\n";
}

std::string edge_line(const std::string& path) {
    return "<path d=\"" + path + "\" class=\"edge\" marker-end=\"url(#arrow)\"/>\n";
}

/// From below one box to above the other, or past the boxes between them if both stand in one lane.
std::string edge_svg(const LayeredLayout& layout, int from, int to) {
    const int bottom = layout.top(from) + layout.height(from), top = layout.top(to);
    if (layout.left(from) == layout.left(to) && top - bottom > kRowHeight - kBoxHeight) {
        const int x = layout.left(from) + kBoxWidth, side = x + kLaneWidth - kBoxWidth;
        const int y0 = bottom - kBoxHeight / 2, y1 = top + kBoxHeight / 2;
        const int after = y0 + kRowHeight / 2, before = y1 - kRowHeight / 2;
        return edge_line(concat_parts("M", x, " ", y0, " Q", side, " ", y0, " ", side, " ", after, " L", side, " ",
                                      before, " Q", side, " ", y1, " ", x, " ", y1));
    }
    const int x0 = layout.left(from) + kBoxWidth / 2, x1 = layout.left(to) + kBoxWidth / 2;
    const int bend = std::max(12, (top - bottom) / 2);
    return edge_line(
        concat_parts("M", x0, " ", bottom, " C", x0, " ", bottom + bend, " ", x1, " ", top - bend, " ", x1, " ", top));
}

std::string head_svg(int width, int height) {
    return concat_parts(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"", " width=\"", width,
        "\" height=\"", height, "\" viewBox=\"0 0 ", width, " ", height, "\">\n",
        "<style>text{font-family:sans-serif;fill:#222}.column{font-size:16px;font-weight:bold}"
        ".name{font-size:11px;font-weight:bold}.detail{font-size:10px}rect{stroke:#777}"
        ".output{stroke:#111;stroke-width:2.5}.edge{fill:none;stroke:#555;stroke-opacity:.6}</style>\n"
        "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" "
        "orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 z\" fill=\"#555\"/></marker></defs>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"white\" style=\"stroke:none\"/>\n");
}

std::string heading_svg(int x, const std::string& heading) {
    if (heading.empty()) return "";
    return concat_parts("<text x=\"", x, "\" y=\"", kPictureMargin + 20, "\" style=\"font-size:24px\">",
                        escaped(heading), "</text>\n");
}

std::string picture_svg(const Graph& graph, const LayeredPicture& picture, const LayeredLayout& layout) {
    std::string text = heading_svg(layout.left(kImageGroup), picture.heading);
    const int titles_top = layout.top(kImageGroup) - 18;
    for (const LayeredLayout::Column& column : layout.columns()) {
        text += text_line(column.left, titles_top, "column", column.title);
    }
    const int count = static_cast<int>(picture.boxes.size());
    const auto box = [&picture](int b) -> const LayeredBox& { return picture.boxes[static_cast<std::size_t>(b)]; };
    for (int b = 0; b < count; ++b) {
        for (const int input : box(b).inputs) text += edge_svg(layout, input, b);
    }
    LayeredBox image;
    image.colour = "white";
    image.title = kImageName;
    image.lines = {kImageName, to_text(graph.value(graph.input).shape)};
    text += box_svg(layout, kImageGroup, image);
    for (int b = 0; b < count; ++b) text += box_svg(layout, b, box(b));
    return text;
}

} // namespace

LayeredBox labelled_box(const Graph& graph, const std::vector<int>& nodes, const std::string& name,
                        const std::string& operation) {
    const auto node = [&graph](int n) -> const Node& { return graph.nodes[static_cast<std::size_t>(n)]; };
    LayeredBox box;
    for (const int n : nodes) box.title += (box.title.empty() ? "" : ", ") + node(n).name;
    const ValueId result = node(nodes.back()).output;
    std::string last = to_text(graph.value(result).shape);
    for (const auto& [output, id] : graph.outputs) {
        if (id != result) continue;
        last += " \u2192 " + output;
        box.is_output = true;
    }
    box.title += ": " + operation + ", " + last;
    box.lines = {name, operation, last};
    return box;
}

std::string layered_svg(const Graph& graph, const std::vector<LayeredPicture>& pictures) {
    std::string text;
    int width = 0, height = 0;
    for (const LayeredPicture& picture : pictures) {
        const int left = width == 0 ? 0 : width + kPictureGap;
        const LayeredLayout layout(picture.boxes, left, picture.heading.empty() ? 0 : kHeadingHeight);
        text += picture_svg(graph, picture, layout);
        width = layout.right_edge();
        height = std::max(height, layout.lower_edge());
    }
    return head_svg(width, height) + text + "</svg>\n";
}

} // namespace banyan
