#include "image/draw.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "core/check.h"
#include "image/draw_text.h"
#include "image/letterbox.h"
#include "image/resample.h"

namespace banyan {

namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;

/// Sizes for a picture: outlines of 1 px at 320 px, 2 px at 640 px, 3 px at 1280 px; text readable in small pictures.
struct Pen {
    int line_px = 1;
    int stroke_px = 1; ///< of the letters
    int margin_px = 2;
    double font_scale = 0.4;
};

Pen pen_for(const Image& image) {
    const int side = std::max(image.width, image.height);
    Pen pen;
    pen.line_px = std::max(1, static_cast<int>(std::lround(side / 400.0)));
    pen.margin_px = 1 + pen.line_px;
    pen.font_scale = std::clamp(side / 1500.0, 0.35, 3.0);
    pen.stroke_px = std::max(1, static_cast<int>(std::lround(pen.font_scale * 1.8)));
    return pen;
}

cv::Scalar scalar_of(const std::array<std::uint8_t, 3>& rgb) { return {1.0 * rgb[0], 1.0 * rgb[1], 1.0 * rgb[2]}; }

/// Black or white, whatever reads better on `rgb`.
cv::Scalar text_colour_on(const std::array<std::uint8_t, 3>& rgb) {
    const double luma = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
    return luma > 140 ? cv::Scalar(0, 0, 0) : cv::Scalar(255, 255, 255);
}

/// Share of pixel [i, i + 1) that lies in [lo, hi].
float covered(int i, float lo, float hi) {
    const auto left = static_cast<float>(i);
    return std::max(0.0F, std::min(left + 1, hi) - std::max(left, lo));
}

void blend(std::uint8_t* pixel, const std::array<std::uint8_t, 3>& rgb, float share) {
    for (std::size_t c = 0; c < 3; ++c) {
        pixel[c] = static_cast<std::uint8_t>(std::lround(pixel[c] + share * static_cast<float>(rgb[c] - pixel[c])));
    }
}

/// The frame between the box and the same box `line_px` further in, each pixel blended by the share of it that the
/// frame covers. (OpenCV's anti-aliased lines blur over their neighbours even where they lie on whole pixels.)
void draw_outline(Image& image, const Box& box, int colour, const Pen& pen) {
    const auto line = static_cast<float>(pen.line_px);
    const Box inner{box.x0 + line, box.y0 + line, box.x1 - line, box.y1 - line};
    const std::array<std::uint8_t, 3> rgb = class_colour(colour);
    const int x_end = std::min(image.width, static_cast<int>(std::ceil(box.x1)));
    const int y_end = std::min(image.height, static_cast<int>(std::ceil(box.y1)));
    const int hollow_begin = static_cast<int>(std::ceil(inner.x0));
    const int hollow_end = static_cast<int>(std::floor(inner.x1));
    for (int y = static_cast<int>(box.y0); y < y_end; ++y) {
        const float outer_y = covered(y, box.y0, box.y1);
        const float inner_y = covered(y, inner.y0, inner.y1);
        for (int x = static_cast<int>(box.x0); x < x_end; ++x) {
            if (x == hollow_begin && inner_y >= outer_y) x = std::max(x, hollow_end);
            const float share = outer_y * covered(x, box.x0, box.x1) - inner_y * covered(x, inner.x0, inner.x1);
            blend(image.row(y) + static_cast<std::ptrdiff_t>(x) * 3, rgb, share);
        }
    }
}

/// Where a tag of `size` goes for a box: above it, or else at its top, always within the picture if it fits at all.
cv::Rect tag_for(const Box& box, const cv::Size& size, const cv::Mat& canvas) {
    const int left = std::clamp(static_cast<int>(std::floor(box.x0)), 0, std::max(0, canvas.cols - size.width));
    const int box_top = static_cast<int>(std::floor(box.y0));
    const int top = box_top >= size.height ? box_top - size.height : box_top;
    return {left, std::clamp(top, 0, std::max(0, canvas.rows - size.height)), size.width, size.height};
}

void draw_tag(cv::Mat& canvas, const Box& box, const DrawnBox& drawn, const Pen& pen) {
    const std::string text = ascii_of(drawn.label);
    int below_px = 0;
    const cv::Size letters = cv::getTextSize(text, kFont, pen.font_scale, pen.stroke_px, &below_px);
    const cv::Size size(letters.width + 2 * pen.margin_px, letters.height + below_px + 2 * pen.margin_px);
    const cv::Rect tag = tag_for(box, size, canvas);
    const std::array<std::uint8_t, 3> rgb = class_colour(drawn.colour);
    cv::rectangle(canvas, tag, scalar_of(rgb), cv::FILLED);
    const cv::Point base(tag.x + pen.margin_px, tag.y + pen.margin_px + letters.height);
    cv::putText(canvas, text, base, kFont, pen.font_scale, text_colour_on(rgb), pen.stroke_px, cv::LINE_AA);
}

} // namespace

std::array<std::uint8_t, 3> class_colour(int index) {
    static constexpr std::array<std::array<std::uint8_t, 3>, 7> kPalette = {{
        {230, 159, 0},   // orange
        {86, 180, 233},  // sky blue
        {0, 158, 115},   // bluish green
        {240, 228, 66},  // yellow
        {204, 121, 167}, // reddish purple
        {213, 94, 0},    // vermilion
        {0, 114, 178},   // blue
    }};
    const int count = static_cast<int>(kPalette.size());
    return kPalette[static_cast<std::size_t>(((index % count) + count) % count)];
}

void draw_boxes(Image& image, const std::vector<DrawnBox>& boxes, int line_px) {
    if (image.empty()) return;
    cv::Mat canvas(image.height, image.width, CV_8UC3, image.rgb.data());
    Pen pen = pen_for(image);
    if (line_px > 0) pen.line_px = line_px;
    const auto width = static_cast<float>(image.width);
    const auto height = static_cast<float>(image.height);
    const auto in_sight = [&](const Box& box) { return clip(box, width, height).area() > 0; };
    for (const DrawnBox& drawn : boxes) {
        if (in_sight(drawn.box)) draw_outline(image, clip(drawn.box, width, height), drawn.colour, pen);
    }
    for (const DrawnBox& drawn : boxes) {
        if (in_sight(drawn.box) && !drawn.label.empty()) draw_tag(canvas, clip(drawn.box, width, height), drawn, pen);
    }
}

Image tile(const std::vector<Image>& images, int columns, int side) {
    BANYAN_CHECK(columns > 0 && side > 0, "tile: columns and side must be positive, got ", columns, " and ", side);
    if (images.empty()) return {};
    const int count = static_cast<int>(images.size());
    Image sheet(std::min(columns, count) * side, (count + columns - 1) / columns * side);
    std::fill(sheet.rgb.begin(), sheet.rgb.end(), kPadGrey);
    for (int i = 0; i < count; ++i) {
        LetterboxGeometry geometry;
        const Image cell = letterbox(images[static_cast<std::size_t>(i)], side, geometry);
        const std::ptrdiff_t left_bytes = std::ptrdiff_t{i % columns * side} * 3;
        for (int y = 0; y < side; ++y) {
            std::copy_n(cell.row(y), std::ptrdiff_t{side} * 3, sheet.row(i / columns * side + y) + left_bytes);
        }
    }
    return sheet;
}

} // namespace banyan
