#include "apps/detection_files.h"

#include <cmath>

#include <nlohmann/json.hpp>

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// The items of a JSON list, one a line.
std::string lines_of(const std::vector<Json>& items) {
    std::string text = "[";
    for (std::size_t i = 0; i < items.size(); ++i) text += (i == 0 ? "\n" : ",\n") + text_of(items[i]);
    return text + (items.empty() ? "]" : "\n]");
}

/// `value` rounded to so many digits behind the point, which keeps the files short: float noise ends there.
double rounded(float value, double digits_factor) {
    return std::round(static_cast<double>(value) * digits_factor) / digits_factor;
}

double score_of(const Detection& found) { return rounded(found.score, 1e6); }
double pixels(float value) { return rounded(value, 1e3); }

Json detection_json(const Detection& found) {
    return {{"task", found.task},
            {"class", found.class_name},
            {"score", score_of(found)},
            {"box_xyxy", {pixels(found.box.x0), pixels(found.box.y0), pixels(found.box.x1), pixels(found.box.y1)}}};
}

} // namespace

std::string detections_json(const std::vector<PictureResult>& results) {
    std::vector<Json> items;
    for (const PictureResult& result : results) {
        Json found = Json::array();
        for (const Detection& detection : result.detections) found.push_back(detection_json(detection));
        items.push_back({{"file", result.file},
                         {"width", result.width},
                         {"height", result.height},
                         {"detections", std::move(found)}});
    }
    return "{\"images\": " + lines_of(items) + "}\n";
}

std::string coco_results_json(const std::vector<PictureResult>& results) {
    std::vector<Json> items;
    for (std::size_t i = 0; i < results.size(); ++i) {
        for (const Detection& found : results[i].detections) {
            const Box& box = found.box;
            items.push_back({{"image_id", i + 1},
                             {"category_id", found.class_id + 1},
                             {"bbox", {pixels(box.x0), pixels(box.y0), pixels(box.width()), pixels(box.height())}},
                             {"score", score_of(found)}});
        }
    }
    return lines_of(items) + "\n";
}

std::string coco_mapping_json(const std::vector<PictureResult>& results, const ClassTable& classes) {
    std::vector<Json> images, categories;
    for (std::size_t i = 0; i < results.size(); ++i) {
        images.push_back({{"id", i + 1},
                          {"file_name", results[i].file},
                          {"width", results[i].width},
                          {"height", results[i].height}});
    }
    for (int k = 0; k < classes.size(); ++k) {
        categories.push_back(
            {{"id", k + 1}, {"name", classes.class_name(k)}, {"supercategory", classes.task_name_of(k)}});
    }
    return "{\"images\": " + lines_of(images) + ",\n\"annotations\": [],\n\"categories\": " + lines_of(categories) +
           "}\n";
}

} // namespace banyan
