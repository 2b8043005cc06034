#include "data/label_sheet.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/check.h"
#include "data/coverage.h"
#include "image/draw.h"
#include "image/draw_area.h"
#include "image/draw_text.h"
#include "image/letterbox.h"

namespace banyan {

namespace {

using Rgb = std::array<std::uint8_t, 3>;

constexpr Rgb kBackground = {24, 26, 31}, kBar = {43, 47, 56}, kText = {236, 238, 242}, kQuiet = {164, 170, 182};
constexpr int kGap = 8, kBarHeight = 20, kCaptionHeight = 22, kLegendHeight = 46, kSheetWidth = 1700,
              kLegendWidth = 1200, kBoxLine = 2;
constexpr double kLetters = 9;

/// Least known first: of several classes the first one found is shown.
constexpr std::array<LabelState, 4> kLeastKnownFirst = {LabelState::unknown, LabelState::partial,
                                                        LabelState::exhaustive, LabelState::absent};

/// Colour of a state's name and, but for exhaustive, of its areas.
Rgb state_colour(LabelState state) {
    switch (state) {
    case LabelState::exhaustive: return {108, 205, 150};
    case LabelState::partial: return {240, 170, 40};
    case LabelState::absent: return {92, 168, 245};
    case LabelState::unknown: break;
    }
    return {150, 155, 165};
}

AreaShade shade_of(LabelState state, bool is_ignored) {
    AreaShade shade;
    if (state == LabelState::unknown) shade = {0.30F, 0.0F, {}, 0, false};
    if (state == LabelState::partial || state == LabelState::absent) shade.tint_share = 0.30F;
    shade.tint = state_colour(state);
    shade.is_hatched = is_ignored;
    return shade;
}

/// A pixel's kind: its state's place in kLeastKnownFirst, plus kIgnored in ignore regions.
constexpr std::uint8_t kIgnored = kLeastKnownFirst.size();

std::vector<AreaShade> all_shades() {
    std::vector<AreaShade> shades;
    for (const bool is_ignored : {false, true}) {
        for (const LabelState state : kLeastKnownFirst) shades.push_back(shade_of(state, is_ignored));
    }
    return shades;
}

std::uint8_t rank_of(LabelState state) {
    const auto found = std::find(kLeastKnownFirst.begin(), kLeastKnownFirst.end(), state);
    return static_cast<std::uint8_t>(found - kLeastKnownFirst.begin());
}

/// The class ids of a task.
std::vector<int> classes_of(const ClassTable& table, int task) {
    std::vector<int> classes;
    for (int id = 0; id < table.size(); ++id) {
        if (table.task_of(id) == task) classes.push_back(id);
    }
    return classes;
}

std::vector<std::uint8_t> kinds_of(Coverage& coverage, const std::vector<int>& classes) {
    std::vector<std::uint8_t> kinds;
    kinds.reserve(static_cast<std::size_t>(coverage.width()) * static_cast<std::size_t>(coverage.height()));
    std::vector<const AreaMap*> ignored;
    for (const int id : classes) ignored.push_back(&coverage.ignored(id));
    for (int y = 0; y < coverage.height(); ++y) {
        for (int x = 0; x < coverage.width(); ++x) {
            std::uint8_t rank = rank_of(LabelState::absent);
            bool is_ignored = false;
            for (std::size_t k = 0; k < classes.size(); ++k) {
                rank = std::min(rank, rank_of(coverage.state(classes[k], x, y)));
                is_ignored = is_ignored || ignored[k]->holds(x, y);
            }
            kinds.push_back(static_cast<std::uint8_t>(rank + (is_ignored ? kIgnored : 0)));
        }
    }
    return kinds;
}

Polygon scaled(Polygon polygon, float factor) {
    for (Point& corner : polygon.corners) corner = {corner.x * factor, corner.y * factor};
    return polygon;
}

Labels scaled(Labels labels, float factor) {
    for (LabelledBox& labelled : labels.boxes) {
        const Box& box = labelled.box;
        labelled.box = {box.x0 * factor, box.y0 * factor, box.x1 * factor, box.y1 * factor};
    }
    for (IgnoreRegion& region : labels.ignore) region.area = scaled(std::move(region.area), factor);
    for (LabelRegion& region : labels.regions) region.area = scaled(std::move(region.area), factor);
    return labels;
}

/// States and their shares, right-aligned in the bar.
void write_states(Image& bar, const std::vector<std::uint8_t>& kinds) {
    std::array<std::size_t, kLeastKnownFirst.size()> counts{};
    for (const std::uint8_t kind : kinds) ++counts[kind % kIgnored];
    int right = bar.width - 6;
    for (std::size_t rank = 0; rank < counts.size(); ++rank) {
        if (counts[rank] == 0) continue;
        const double share = 100.0 * static_cast<double>(counts[rank]) / static_cast<double>(kinds.size());
        std::string text = label_state_name(kLeastKnownFirst[rank]);
        if (counts[rank] < kinds.size()) text += " " + std::to_string(std::max(1L, std::lround(share))) + "%";
        const LetterStyle style{kLetters, state_colour(kLeastKnownFirst[rank])};
        right -= text_width(text, style);
        draw_text(bar, right, 5, text, style);
        right -= 10;
    }
}

Image plain(int width, int height, const Rgb& rgb) {
    Image image(width, height);
    fill_area(image, 0, 0, width, height, rgb);
    return image;
}

/// One task's view of a row: bar and picture.
Image draw_panel(const Image& picture, const Labels& labels, Coverage& coverage, const ClassTable& table, int task) {
    const std::vector<int> classes = classes_of(table, task);
    const std::vector<std::uint8_t> kinds = kinds_of(coverage, classes);
    Image shaded = picture;
    shade_areas(shaded, kinds, all_shades());
    draw_borders(shaded, kinds);
    const std::string& name = table.tasks()[static_cast<std::size_t>(task)].name;
    std::vector<DrawnBox> boxes;
    for (const LabelledBox& labelled : labels.boxes) {
        if (table.task_of(labelled.class_id) != task) continue;
        const std::string& class_name = table.class_name(labelled.class_id);
        boxes.push_back({labelled.box, classes.size() == 1 ? "" : class_name, labelled.class_id});
    }
    draw_boxes(shaded, boxes, kBoxLine);

    Image panel = plain(picture.width, kBarHeight + picture.height, kBar);
    draw_text(panel, 6, 5, name, {kLetters, class_colour(classes.front())});
    write_states(panel, kinds);
    paste(panel, shaded, 0, kBarHeight);
    return panel;
}

/// A swatch of each look with its name.
void draw_legend(Image& sheet) {
    constexpr int kSwatchWidth = 34, kSwatchHeight = 20, kTop = 13, kTextTop = 19;
    const std::vector<AreaShade> shades = all_shades();
    const auto swatch = [&](int left, std::uint8_t kind) {
        Image area = plain(kSwatchWidth, kSwatchHeight, {206, 206, 206});
        const std::size_t pixels = static_cast<std::size_t>(kSwatchWidth) * kSwatchHeight;
        shade_areas(area, std::vector<std::uint8_t>(pixels, kind), shades);
        paste(sheet, area, left, kTop);
    };
    struct Entry {
        std::uint8_t kind;
        const char* text;
    };
    const std::array<Entry, 5> entries = {{
        {rank_of(LabelState::exhaustive), "exhaustive: every object is boxed"},
        {rank_of(LabelState::absent), "absent: verified, no object"},
        {rank_of(LabelState::partial), "partial: boxes are learned, the rest is not judged"},
        {rank_of(LabelState::unknown), "unknown: not judged"},
        {static_cast<std::uint8_t>(rank_of(LabelState::exhaustive) + kIgnored), "ignore region"},
    }};
    int left = kGap;
    for (const Entry& entry : entries) {
        swatch(left, entry.kind);
        left += kSwatchWidth + 7;
        draw_text(sheet, left, kTextTop, entry.text, {kLetters, kText});
        left += text_width(entry.text, {kLetters, kText}) + 24;
    }
}

} // namespace

std::vector<LabelPicture> take_label_pictures(BatchLoader& loader, const std::vector<Dataset>& datasets, int count) {
    std::vector<LabelPicture> pictures;
    while (static_cast<int>(pictures.size()) < count) {
        const Batch batch = loader.next();
        const int taken = std::min(count - static_cast<int>(pictures.size()), batch.count);
        for (int i = 0; i < taken; ++i) {
            const auto row = static_cast<std::size_t>(i * batch.count / taken);
            const std::size_t bytes =
                static_cast<std::size_t>(batch.height) * static_cast<std::size_t>(batch.width) * 3;
            const Dataset& dataset = datasets.at(static_cast<std::size_t>(batch.dataset[row]));
            const Record& record = dataset.record(static_cast<std::size_t>(batch.record[row]));
            LabelPicture picture{dataset.name() + ": " + record.name, Image(batch.width, batch.height),
                                 batch.labels[row]};
            std::copy_n(batch.pixels.data() + row * bytes, bytes, picture.image.rgb.data());
            pictures.push_back(std::move(picture));
        }
    }
    return pictures;
}

Image draw_label_panels(const LabelPicture& picture, const ClassTable& table, int panel_side) {
    BANYAN_CHECK(panel_side > 0, "panels need a side, got ", panel_side);
    LetterboxGeometry geometry;
    const Image resized = letterbox(picture.image, panel_side, geometry);
    const Labels labels = scaled(picture.labels, geometry.scale);
    Coverage coverage(labels, panel_side, panel_side);
    const int tasks = static_cast<int>(table.tasks().size());
    Image block = plain(tasks * (panel_side + kGap) - kGap, kCaptionHeight + kBarHeight + panel_side, kBackground);
    const LetterStyle caption{kLetters, kQuiet};
    draw_text(block, 0, 7, shortened_text(picture.caption, block.width, caption), caption);
    for (int task = 0; task < tasks; ++task) {
        paste(block, draw_panel(resized, labels, coverage, table, task), task * (panel_side + kGap), kCaptionHeight);
    }
    return block;
}

Image draw_label_sheet(const std::vector<LabelPicture>& pictures, const ClassTable& table, int panel_side) {
    std::vector<Image> blocks;
    for (const LabelPicture& picture : pictures) blocks.push_back(draw_label_panels(picture, table, panel_side));
    if (blocks.empty()) return {};
    const int count = static_cast<int>(blocks.size());
    const int step_x = blocks[0].width + 2 * kGap, step_y = blocks[0].height + kGap;
    const int columns = std::clamp(kSheetWidth / step_x, 1, count);
    const int lines = (count + columns - 1) / columns;
    const int width = std::max(kLegendWidth, columns * step_x);
    Image sheet = plain(width, kLegendHeight + lines * step_y + kGap, kBackground);
    draw_legend(sheet);
    for (int i = 0; i < count; ++i) {
        const int left = kGap + i % columns * step_x, top = kLegendHeight + i / columns * step_y;
        paste(sheet, blocks[static_cast<std::size_t>(i)], left, top);
    }
    return sheet;
}

} // namespace banyan
