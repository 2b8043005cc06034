#include "image/draw_text.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace banyan {

namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;

int stroke_px(const LetterStyle& style) { return std::max(1, static_cast<int>(std::lround(style.height_px / 11))); }

double font_scale(const LetterStyle& style) {
    return cv::getFontScaleFromHeight(kFont, std::max(1, static_cast<int>(std::lround(style.height_px))),
                                      stroke_px(style));
}

} // namespace

int text_width(const std::string& text, const LetterStyle& style) {
    int below_px = 0;
    return cv::getTextSize(ascii_of(text), kFont, font_scale(style), stroke_px(style), &below_px).width;
}

void draw_text(Image& image, int left, int top, const std::string& text, const LetterStyle& style) {
    if (image.empty()) return;
    cv::Mat canvas(image.height, image.width, CV_8UC3, image.rgb.data());
    const cv::Point base(left, top + static_cast<int>(std::lround(style.height_px)));
    const cv::Scalar colour(1.0 * style.rgb[0], 1.0 * style.rgb[1], 1.0 * style.rgb[2]);
    cv::putText(canvas, ascii_of(text), base, kFont, font_scale(style), colour, stroke_px(style), cv::LINE_AA);
}

std::string shortened_text(const std::string& text, int width_px, const LetterStyle& style) {
    std::string line = ascii_of(text);
    if (text_width(line, style) <= width_px) return line;
    while (!line.empty() && text_width(line + "...", style) > width_px) line.pop_back();
    return line.empty() ? "" : line + "...";
}

std::string ascii_of(const std::string& text) {
    std::string result;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte >= 0x20 && byte < 0x7F) result += letter;
        if (byte < 0x20 || byte == 0x7F || byte >= 0xC0) result += '?'; // one for all bytes of a UTF-8 sequence
    }
    return result;
}

} // namespace banyan
