#include "train/pictures.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "data/load_sample.h"
#include "image/draw.h"

namespace banyan {

void draw_detections(Image& image, const std::vector<ScoredBox>& boxes, const ClassTable& table) {
    std::vector<DrawnBox> drawn;
    for (auto box = boxes.rbegin(); box != boxes.rend(); ++box) { // the surest on top
        char score[16];
        std::snprintf(score, sizeof score, " %.2f", static_cast<double>(box->score));
        drawn.push_back({box->box, table.class_name(box->class_id) + score, box->class_id});
    }
    draw_boxes(image, drawn);
}

namespace {

std::vector<ScoredBox> detect(const Predictor& predictor, const Image& image, const PictureOptions& options) {
    LetterboxGeometry geometry;
    const Image square = letterbox(image, options.side, geometry);
    std::vector<ScoredBox> boxes = predictor({square}).front();
    std::erase_if(boxes, [&](const ScoredBox& box) { return box.score < options.score_threshold; });
    for (ScoredBox& box : boxes) {
        box.box =
            clip(geometry.to_original(box.box), static_cast<float>(image.width), static_cast<float>(image.height));
    }
    return boxes;
}

/// The picture resized so that its longer side is `longest`; `scale` is what boxes must be multiplied by.
Image resize(const Image& image, int longest, float& scale) {
    LetterboxGeometry geometry;
    const Image square = letterbox(image, longest, geometry);
    scale = geometry.scale;
    const int left = static_cast<int>(geometry.pad_x), top = static_cast<int>(geometry.pad_y);
    Image result(square.width - 2 * left, square.height - 2 * top);
    for (int y = 0; y < result.height; ++y) {
        std::memcpy(result.row(y), square.row(y + top) + static_cast<std::ptrdiff_t>(left) * 3,
                    static_cast<std::size_t>(result.width) * 3);
    }
    return result;
}

} // namespace

std::vector<DetectionPicture> draw_detections(const Predictor& predictor, const std::vector<Dataset>& datasets,
                                              const ClassTable& table, const PictureOptions& options) {
    std::size_t total = 0;
    for (const Dataset& dataset : datasets) total += dataset.size();
    const std::size_t count = std::min(options.count, total);
    std::vector<DetectionPicture> pictures;
    for (std::size_t i = 0; i < count; ++i) {
        std::size_t index = i * total / count, set = 0;
        while (index >= datasets[set].size()) index -= datasets[set++].size();
        const Sample sample = load_sample(datasets[set], index);
        std::vector<ScoredBox> boxes = detect(predictor, sample.image, options);
        float scale = 1;
        Image image = resize(sample.image, options.longest_side_px, scale);
        for (ScoredBox& box : boxes) {
            box.box = {box.box.x0 * scale, box.box.y0 * scale, box.box.x1 * scale, box.box.y1 * scale};
        }
        draw_detections(image, boxes, table);
        pictures.push_back({datasets[set].name() + "/" + datasets[set].record(index).name, std::move(image)});
    }
    return pictures;
}

} // namespace banyan
