#include "report/heat_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <span>

#include "core/check.h"
#include "report/axis_ticks.h"
#include "report/svg_writer.h"

namespace banyan {
namespace {

constexpr double kMargin = 16;
constexpr double kNameSize = 12;
constexpr double kNumberSize = 13;
constexpr double kNoteSize = 10;
constexpr double kTitleSize = 15;
constexpr double kBarWidth = 14;
constexpr const char* kDark = "#1f2933";
constexpr const char* kSoft = "#3e4c59";
constexpr const char* kNoValue = "#e8ecf0";

using Colour = std::array<double, 3>; // red, green, blue in [0, 255]

constexpr std::array<Colour, 4> kSequential = {{{244, 248, 251}, {166, 203, 227}, {63, 143, 196}, {8, 71, 138}}};
constexpr std::array<Colour, 5> kDiverging = {
    {{171, 62, 8}, {240, 163, 107}, {247, 247, 247}, {127, 182, 220}, {10, 79, 148}}};

/// `share` in [0, 1] of the way along evenly spaced colours.
Colour mix(std::span<const Colour> stops, double share) {
    const double place = share * static_cast<double>(stops.size() - 1);
    const std::size_t left = std::min(static_cast<std::size_t>(place), stops.size() - 2);
    const double t = place - static_cast<double>(left);
    Colour colour{};
    for (std::size_t c = 0; c < 3; ++c) colour[c] = (1 - t) * stops[left][c] + t * stops[left + 1][c];
    return colour;
}

std::string hex(const Colour& colour) {
    char text[8];
    std::snprintf(text, sizeof text, "#%02x%02x%02x", static_cast<unsigned>(std::lround(colour[0])),
                  static_cast<unsigned>(std::lround(colour[1])), static_cast<unsigned>(std::lround(colour[2])));
    return text;
}

/// Dark or white, whichever is easier to read on `ground`.
std::string ink_on(const Colour& ground) {
    const double luma = 0.299 * ground[0] + 0.587 * ground[1] + 0.114 * ground[2];
    return luma > 140 ? kDark : "#ffffff";
}

void check_map(const HeatMap& map) {
    BANYAN_CHECK(!map.rows.empty() && !map.columns.empty(), "heat map: expected at least one row and one column");
    BANYAN_CHECK(map.cells.size() == map.rows.size(), "heat map: ", map.cells.size(), " rows of cells for ",
                 map.rows.size(), " names");
    for (const std::vector<HeatCell>& row : map.cells) {
        BANYAN_CHECK(row.size() == map.columns.size(), "heat map: a row of ", row.size(), " cells for ",
                     map.columns.size(), " columns");
    }
}

struct Limits {
    double low = 0;
    double high = 1;
};

Limits limits_of(const HeatMap& map) {
    double low = 0, high = 0;
    for (const std::vector<HeatCell>& row : map.cells) {
        for (const HeatCell& cell : row) {
            if (!std::isfinite(cell.value)) continue;
            low = std::min(low, cell.value);
            high = std::max(high, cell.value);
        }
    }
    if (map.scale == ColourScale::diverging) {
        high = std::max(high, -low);
        if (high == 0) high = 1; // zero stays in the middle
        low = -high;
    }
    if (low == high) high = map.low.value_or(low) + 1;
    const Limits limits{map.low.value_or(low), map.high.value_or(high)};
    BANYAN_CHECK(limits.low < limits.high, "heat map: expected low < high, got ", limits.low, " and ", limits.high);
    return limits;
}

double widest(const std::vector<std::string>& texts, double size) {
    double width = 0;
    for (const std::string& text : texts) width = std::max(width, text_width(text, size));
    return width;
}

class HeatMapPicture {
public:
    explicit HeatMapPicture(const HeatMap& map) : map_(map), limits_(limits_of(map)) {
        bool notes = false;
        double width = 0;
        for (const std::vector<HeatCell>& row : map.cells) {
            for (const HeatCell& cell : row) {
                notes = notes || !cell.note.empty();
                width = std::max({width, text_width(format_fixed(cell.value, map.decimals), kNumberSize),
                                  text_width(cell.note, kNoteSize)});
            }
        }
        cell_width_ = std::max(64.0, width + 16);
        cell_height_ = notes ? 48 : 38;
        const double names = widest(map.columns, kNameSize);
        upright_ = names + 8 > cell_width_;
        left_ = kMargin + (map.row_title.empty() ? 0 : 22) + widest(map.rows, kNameSize) + 8;
        top_ = kMargin + (map.title.empty() ? 0 : 28) + (map.column_title.empty() ? 0 : 22) +
               (upright_ ? names : kNameSize) + 10;
        right_ = left_ + cell_width_ * static_cast<double>(map.columns.size());
        bottom_ = top_ + cell_height_ * static_cast<double>(map.rows.size());
        bar_bottom_ = std::max(bottom_, top_ + 100);
        const double height = bar_bottom_ - top_;
        ticks_ = inner_ticks(limits_.low, limits_.high, std::max(2, static_cast<int>(height / 40))).ticks;
    }

    std::string draw() const {
        double labels = 0;
        for (const Tick& tick : ticks_) labels = std::max(labels, text_width(tick.label, kNameSize));
        const double end = std::max(right_ + 26 + kBarWidth + 8 + labels,
                                    kMargin + 1.1 * text_width(map_.title, kTitleSize)); // bold is wider
        SvgWriter svg(static_cast<int>(std::ceil(end + kMargin)), static_cast<int>(std::ceil(bar_bottom_ + kMargin)),
                      map_.title.empty() ? "heat map" : map_.title);
        draw_texts(svg);
        for (std::size_t r = 0; r < map_.rows.size(); ++r) {
            for (std::size_t c = 0; c < map_.columns.size(); ++c) draw_cell(svg, r, c);
        }
        draw_bar(svg);
        return svg.finish();
    }

private:
    Colour colour_of(double value) const {
        const double share = std::clamp((value - limits_.low) / (limits_.high - limits_.low), 0.0, 1.0);
        return map_.scale == ColourScale::diverging ? mix(kDiverging, share) : mix(kSequential, share);
    }

    void draw_texts(SvgWriter& svg) const {
        if (!map_.title.empty()) svg.text(kMargin, kMargin + 12, map_.title, {.size = kTitleSize, .bold = true});
        const TextStyle soft{.size = kNameSize, .anchor = Anchor::middle, .colour = kSoft};
        if (!map_.column_title.empty()) {
            svg.text((left_ + right_) / 2, kMargin + (map_.title.empty() ? 12 : 40), map_.column_title, soft);
        }
        if (!map_.row_title.empty()) {
            TextStyle upwards = soft;
            upwards.upwards = true;
            svg.text(kMargin + 10, (top_ + bottom_) / 2, map_.row_title, upwards);
        }
        for (std::size_t r = 0; r < map_.rows.size(); ++r) {
            const double y = top_ + (static_cast<double>(r) + 0.5) * cell_height_;
            svg.text(left_ - 8, y + 4, map_.rows[r], {.size = kNameSize, .anchor = Anchor::end});
        }
        for (std::size_t c = 0; c < map_.columns.size(); ++c) {
            const double x = left_ + (static_cast<double>(c) + 0.5) * cell_width_;
            svg.text(upright_ ? x + 4 : x, top_ - 8, map_.columns[c],
                     {.size = kNameSize, .anchor = upright_ ? Anchor::start : Anchor::middle, .upwards = upright_});
        }
    }

    void draw_cell(SvgWriter& svg, std::size_t r, std::size_t c) const {
        const HeatCell& cell = map_.cells[r][c];
        const double x = left_ + static_cast<double>(c) * cell_width_, y = top_ + static_cast<double>(r) * cell_height_;
        const bool known = std::isfinite(cell.value);
        const Colour ground = known ? colour_of(cell.value) : Colour{232, 236, 240};
        const std::string number = format_fixed(cell.value, map_.decimals);
        const std::string note = cell.note.empty() ? "" : " " + cell.note;
        svg.rectangle({x + 1, y + 1, cell_width_ - 2, cell_height_ - 2}, known ? hex(ground) : kNoValue,
                      map_.rows[r] + ", " + map_.columns[c] + ": " + number + note);
        const double middle = x + cell_width_ / 2, centre = y + cell_height_ / 2;
        const std::string ink = ink_on(ground);
        svg.text(middle, cell.note.empty() ? centre + 5 : centre - 1, number,
                 {.size = kNumberSize, .anchor = Anchor::middle, .colour = ink, .bold = known});
        if (!cell.note.empty()) {
            svg.text(middle, centre + 14, cell.note, {.size = kNoteSize, .anchor = Anchor::middle, .colour = ink});
        }
        if (cell.outlined) outline(svg, {x + 2, y + 2, cell_width_ - 4, cell_height_ - 4});
    }

    static void outline(SvgWriter& svg, const SvgRectangle& place) {
        const double x1 = place.x + place.width, y1 = place.y + place.height;
        svg.path({{place.x, place.y}, {x1, place.y}, {x1, y1}, {place.x, y1}, {place.x, place.y - 1}},
                 {.colour = kDark, .width = 2});
    }

    void draw_bar(SvgWriter& svg) const {
        constexpr int kSteps = 48;
        const double x = right_ + 26, height = bar_bottom_ - top_;
        for (int i = 0; i < kSteps; ++i) {
            const double value = limits_.high - (i + 0.5) / kSteps * (limits_.high - limits_.low);
            const double overlap = i + 1 < kSteps ? 0.5 : 0; // no pale lines between the pieces
            svg.rectangle({x, top_ + i * height / kSteps, kBarWidth, height / kSteps + overlap}, hex(colour_of(value)));
        }
        for (const Tick& tick : ticks_) {
            const double y = bar_bottom_ - (tick.value - limits_.low) / (limits_.high - limits_.low) * height;
            svg.line(x + kBarWidth, y, x + kBarWidth + 4, y, {.colour = kSoft});
            svg.text(x + kBarWidth + 8, y + 4, tick.label, {.size = kNameSize, .colour = kSoft});
        }
    }

    const HeatMap& map_;
    Limits limits_;
    std::vector<Tick> ticks_;
    double cell_width_ = 0, cell_height_ = 0;
    bool upright_ = false; ///< the columns' names are read from the bottom up
    double left_ = 0, top_ = 0, right_ = 0, bottom_ = 0, bar_bottom_ = 0;
};

} // namespace

std::string heat_map_svg(const HeatMap& map) {
    check_map(map);
    return HeatMapPicture(map).draw();
}

} // namespace banyan
