#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>

#include "core/check.h"
#include "graph/layer_groups.h"
#include "graph/picture.h"
#include "graph/shape_inference.h"

namespace banyan {

namespace {

constexpr int kBoxWidth = 196, kBoxHeight = 48;
constexpr int kLaneWidth = kBoxWidth + 20, kRowHeight = kBoxHeight + 22;
constexpr int kColumnGap = 36, kMargin = 20, kHeaderHeight = 54;
constexpr std::size_t kMaxLetters = 34; ///< of a line in a box

/// Where a box stands: its row is the longest way from the image, its lane one of its column's.
struct Place {
    int column = 0, lane = 0, row = 0;
};

struct Column {
    std::string title;
    int lanes = 1;
    int left = 0; ///< pixels
};

/// Rows by depth; in a row a box stands below the box that it reads if that lane is free.
class Layout {
public:
    explicit Layout(const std::vector<LayerGroup>& groups) {
        for (const LayerGroup& group : groups) places_.push_back(place(group));
        if (columns_.empty()) columns_.push_back({"", 1, 0});
        int left = kMargin;
        for (Column& column : columns_) {
            column.left = left;
            left += column.lanes * kLaneWidth + kColumnGap;
        }
        width_ = left - kColumnGap + kMargin;
    }

    const std::vector<Column>& columns() const { return columns_; }
    int width() const { return width_; }
    int height() const { return kHeaderHeight + (last_row_ + 1) * kRowHeight + kMargin; }
    int left(int group) const {
        if (group == kImageGroup) return columns_[0].left;
        const Place& place = place_of(group);
        return columns_[static_cast<std::size_t>(place.column)].left + place.lane * kLaneWidth;
    }
    int top(int group) const { return kHeaderHeight + row(group) * kRowHeight; }

private:
    const Place& place_of(int group) const { return places_[static_cast<std::size_t>(group)]; }
    int row(int group) const { return group == kImageGroup ? 0 : place_of(group).row; }

    Place place(const LayerGroup& group) {
        Place result;
        result.column = column_of(group.part);
        for (const int input : group.inputs) result.row = std::max(result.row, row(input) + 1);
        result.lane = free_lane(group, result);
        taken_.insert({result.column, result.lane, result.row});
        Column& column = columns_[static_cast<std::size_t>(result.column)];
        column.lanes = std::max(column.lanes, result.lane + 1);
        last_row_ = std::max(last_row_, result.row);
        return result;
    }

    int column_of(const std::string& part) {
        const std::string title = part.starts_with("trunk.") ? "trunk" : part;
        const auto is_it = [&title](const Column& column) { return column.title == title; };
        const auto column = std::find_if(columns_.begin(), columns_.end(), is_it) - columns_.begin();
        if (column == std::ssize(columns_)) columns_.push_back({title, 1, 0});
        return static_cast<int>(column);
    }

    int free_lane(const LayerGroup& group, const Place& place) const {
        const auto is_free = [&](int lane) { return taken_.count({place.column, lane, place.row}) == 0; };
        for (const int input : group.inputs) {
            if (input == kImageGroup || place_of(input).column != place.column) continue;
            if (is_free(place_of(input).lane)) return place_of(input).lane;
        }
        int lane = 0;
        while (!is_free(lane)) ++lane;
        return lane;
    }

    std::vector<Place> places_; ///< by group
    std::vector<Column> columns_;
    std::set<std::array<int, 3>> taken_; ///< column, lane, row
    int last_row_ = 0;
    int width_ = 0;
};

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
    return detail::concat_parts("<text x=\"", x, "\" y=\"", y, "\" class=\"", style, "\">", escaped(text), "</text>\n");
}

struct LabelledBox {
    int left = 0, top = 0;
    std::string colour{}, title{};
    std::vector<std::string> lines{};
    bool is_output = false;
};

std::string box_svg(const LabelledBox& box) {
    std::string text = "<g><title>" + escaped(box.title) + "</title>\n";
    text += detail::concat_parts("<rect x=\"", box.left, "\" y=\"", box.top, "\" width=\"", kBoxWidth, "\" height=\"",
                                 kBoxHeight, "\" rx=\"5\" fill=\"", box.colour, "\"",
                                 box.is_output ? " class=\"output\"" : "", "/>\n");
    int y = box.top + 14;
    for (const std::string& line : box.lines) {
        text += text_line(box.left + 7, y, y == box.top + 14 ? "name" : "detail", shortened(line));
        y += 14;
    }
    return text + "</g>\n";
}

std::string edge_line(const std::string& path) {
    return "<path d=\"" + path + "\" class=\"edge\" marker-end=\"url(#arrow)\"/>\n";
}

/// From below one box to above the other, or past the boxes between them if both stand in one lane.
std::string edge_svg(const Layout& layout, int from, int to) {
    if (layout.left(from) == layout.left(to) && layout.top(to) - layout.top(from) > kRowHeight) {
        const int x = layout.left(from) + kBoxWidth, side = x + kLaneWidth - kBoxWidth;
        const int y0 = layout.top(from) + kBoxHeight / 2, y1 = layout.top(to) + kBoxHeight / 2;
        const int after = y0 + kRowHeight / 2, before = y1 - kRowHeight / 2;
        return edge_line(detail::concat_parts("M", x, " ", y0, " Q", side, " ", y0, " ", side, " ", after, " L", side,
                                              " ", before, " Q", side, " ", y1, " ", x, " ", y1));
    }
    const int x0 = layout.left(from) + kBoxWidth / 2, y0 = layout.top(from) + kBoxHeight;
    const int x1 = layout.left(to) + kBoxWidth / 2, y1 = layout.top(to);
    const int bend = std::max(12, (y1 - y0) / 2);
    return edge_line(
        detail::concat_parts("M", x0, " ", y0, " C", x0, " ", y0 + bend, " ", x1, " ", y1 - bend, " ", x1, " ", y1));
}

std::string head_svg(const Layout& layout) {
    return detail::concat_parts(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"", " width=\"",
        layout.width(), "\" height=\"", layout.height(), "\" viewBox=\"0 0 ", layout.width(), " ", layout.height(),
        "\">\n",
        "<style>text{font-family:sans-serif;fill:#222}.column{font-size:16px;font-weight:bold}"
        ".name{font-size:11px;font-weight:bold}.detail{font-size:10px}rect{stroke:#777}"
        ".output{stroke:#111;stroke-width:2.5}.edge{fill:none;stroke:#555;stroke-opacity:.6}</style>\n"
        "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" "
        "orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 z\" fill=\"#555\"/></marker></defs>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"white\" style=\"stroke:none\"/>\n");
}

LabelledBox group_box(const Graph& graph, const LayerGroup& group) {
    LabelledBox box;
    for (const int n : group.nodes) {
        box.title += (box.title.empty() ? "" : ", ") + graph.nodes[static_cast<std::size_t>(n)].name;
    }
    std::string last = to_text(graph.value(group.output).shape);
    for (const std::string& name : group.output_names) last += " \u2192 " + name;
    box.title += ": " + group.operation + ", " + last;
    box.lines = {group.name, group.operation, last};
    box.is_output = !group.output_names.empty();
    return box;
}

} // namespace

std::string to_svg(const Graph& graph) {
    const std::vector<LayerGroup> groups = layer_groups(graph);
    const std::vector<std::string> parts = parts_of(groups);
    const Layout layout(groups);

    std::string text = head_svg(layout);
    for (const Column& column : layout.columns()) {
        text += text_line(column.left, kMargin + 16, "column", column.title);
    }
    for (std::size_t g = 0; g < groups.size(); ++g) {
        for (const int input : groups[g].inputs) text += edge_svg(layout, input, static_cast<int>(g));
    }
    const std::string shape = to_text(graph.value(graph.input).shape);
    text += box_svg({layout.left(kImageGroup), layout.top(kImageGroup), "white", kImageName, {kImageName, shape}});
    for (std::size_t g = 0; g < groups.size(); ++g) {
        LabelledBox box = group_box(graph, groups[g]);
        box.left = layout.left(static_cast<int>(g));
        box.top = layout.top(static_cast<int>(g));
        const auto part = std::find(parts.begin(), parts.end(), groups[g].part) - parts.begin();
        box.colour = part_colour(static_cast<std::size_t>(part));
        text += box_svg(box);
    }
    return text + "</svg>\n";
}

} // namespace banyan
