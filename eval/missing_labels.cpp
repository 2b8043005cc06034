#include "eval/missing_labels.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "core/check.h"
#include "data/load_sample.h"
#include "eval/detection_verdicts.h"
#include "image/draw.h"
#include "image/letterbox.h"

namespace banyan {

namespace {

Box to_box(const CocoBox& box) {
    return {static_cast<float>(box.x), static_cast<float>(box.y), static_cast<float>(box.x + box.width),
            static_cast<float>(box.y + box.height)};
}

struct RecordPlace {
    std::size_t dataset = 0, record = 0;
};

/// Data set and record of each image of a problem.
std::vector<RecordPlace> places_of_images(const CocoProblem& problem, const std::vector<Dataset>& datasets) {
    std::vector<RecordPlace> places;
    for (std::size_t d = 0; d < datasets.size(); ++d) {
        for (std::size_t r = 0; r < datasets[d].size(); ++r) places.push_back({d, r});
    }
    BANYAN_CHECK(places.size() == problem.images.size(), "a problem of ", problem.images.size(),
                 " images, but the data sets have ", places.size());
    return places;
}

bool is_near_a_label(const Box& box, int class_id, const Labels& labels, float nearest_iou) {
    return std::any_of(labels.boxes.begin(), labels.boxes.end(), [&](const LabelledBox& labelled) {
        return labelled.class_id == class_id && iou(labelled.box, box) > nearest_iou;
    });
}

void keep_best(std::vector<MissingLabel>& list, std::size_t count) {
    std::stable_sort(list.begin(), list.end(),
                     [](const MissingLabel& a, const MissingLabel& b) { return a.score > b.score; });
    list.resize(std::min(list.size(), count));
}

/// Square window around the box, with as much again of its surroundings, moved into the picture as far as it fits.
struct CropWindow {
    int x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

CropWindow window_around(const Box& box, int width, int height) {
    constexpr float kSurroundings = 2.2F, kSmallest = 64;
    const float wanted = std::max(kSmallest, kSurroundings * std::max(box.width(), box.height()));
    const auto along = [wanted](float low, float high, int size, int& begin, int& end) {
        const int length = std::min(size, static_cast<int>(std::ceil(wanted)));
        const int centred = static_cast<int>(std::lround((low + high - static_cast<float>(length)) / 2));
        begin = std::clamp(centred, 0, size - length);
        end = begin + length;
    };
    CropWindow window;
    along(box.x0, box.x1, width, window.x0, window.x1);
    along(box.y0, box.y1, height, window.y0, window.y1);
    return window;
}

Image cut_out(const Image& image, const CropWindow& window) {
    Image part(window.x1 - window.x0, window.y1 - window.y0);
    for (int y = 0; y < part.height; ++y) {
        std::memcpy(part.row(y), image.row(window.y0 + y) + static_cast<std::ptrdiff_t>(window.x0) * 3,
                    static_cast<std::size_t>(part.width) * 3);
    }
    return part;
}

} // namespace

MissingLabels find_missing_labels(const CocoProblem& problem, const std::vector<Dataset>& datasets,
                                  const MissingLabelOptions& options) {
    const std::vector<RecordPlace> places = places_of_images(problem, datasets);
    const std::vector<DetectionVerdict> verdicts = judge_detections(problem);
    MissingLabels missing;
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        const CocoDetection& found = problem.detections[i];
        if (found.score < options.lowest_score) continue;
        const RecordPlace& place = places[static_cast<std::size_t>(found.image)];
        const Labels& labels = datasets[place.dataset].record(place.record).labels;
        const LabelState state = labels.states[static_cast<std::size_t>(found.category)];
        const bool contradicts = verdicts[i] == DetectionVerdict::false_positive;
        // What is ignored in a partly labelled image lies in an ignore region or has no label.
        const bool adds = verdicts[i] == DetectionVerdict::unjudged ||
                          (verdicts[i] == DetectionVerdict::ignored && state == LabelState::partial);
        const Box box = to_box(found.box);
        if ((!contradicts && !adds) || is_near_a_label(box, found.category, labels, options.nearest_iou)) continue;
        std::vector<MissingLabel>& list = contradicts ? missing.likely : missing.addable;
        list.push_back({place.dataset, place.record, found.category, box, found.score, state});
    }
    keep_best(missing.likely, options.count);
    keep_best(missing.addable, options.count);
    return missing;
}

Image draw_missing_label(const MissingLabel& missing, const std::vector<Dataset>& datasets, const ClassTable& table,
                         int side) {
    const Sample sample = load_sample(datasets[missing.dataset], missing.record);
    const CropWindow window = window_around(missing.box, sample.image.width, sample.image.height);
    LetterboxGeometry geometry;
    Image crop = letterbox(cut_out(sample.image, window), side, geometry);
    const auto placed = [&](const Box& box) {
        const auto left = static_cast<float>(window.x0), top = static_cast<float>(window.y0);
        return geometry.from_original({box.x0 - left, box.y0 - top, box.x1 - left, box.y1 - top});
    };
    std::vector<DrawnBox> boxes;
    const auto add_outline = [&boxes](const Box& box, int extra_px, int colour) {
        for (int i = extra_px; i >= 0; --i) {
            const auto wider = static_cast<float>(i);
            boxes.push_back({{box.x0 - wider, box.y0 - wider, box.x1 + wider, box.y1 + wider}, "", colour});
        }
    };
    for (const LabelledBox& labelled : sample.labels.boxes) {
        if (labelled.class_id == missing.class_id) add_outline(placed(labelled.box), 1, missing.class_id + 1);
    }
    const Box box = placed(missing.box);
    add_outline(box, 2, missing.class_id);
    std::array<char, 16> score{};
    std::snprintf(score.data(), score.size(), " %.2f", missing.score);
    boxes.push_back({box, table.class_name(missing.class_id) + score.data(), missing.class_id});
    draw_boxes(crop, boxes);
    return crop;
}

} // namespace banyan
