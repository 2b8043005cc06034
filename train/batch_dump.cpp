#include "train/batch_dump.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "data/dataset.h"
#include "image/image_codec.h"

namespace banyan {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string sample_name(const Batch& batch, std::size_t row, const BatchNames& names) {
    return names.datasets.at(static_cast<std::size_t>(batch.dataset.at(row))) + " " +
           std::to_string(batch.record.at(row)) + " (" + batch.file.at(row) + ")";
}

namespace {

std::string picture_name(std::size_t row) {
    char name[32];
    std::snprintf(name, sizeof name, "row-%02zu.png", row);
    return name;
}

Image picture_of(const Batch& batch, std::size_t row) {
    Image image(batch.width, batch.height);
    const auto first = batch.pixels.begin() + static_cast<std::ptrdiff_t>(row * image.rgb.size());
    std::copy(first, first + static_cast<std::ptrdiff_t>(image.rgb.size()), image.rgb.begin());
    return image;
}

Json polygon_json(const Polygon& polygon) {
    Json corners = Json::array();
    for (const Point& corner : polygon.corners) corners.push_back({corner.x, corner.y});
    return corners;
}

Json states_json(const std::vector<LabelState>& states, const ClassTable& classes) {
    Json json = Json::object();
    for (std::size_t k = 0; k < states.size(); ++k) {
        json[classes.class_name(static_cast<int>(k))] = label_state_name(states[k]);
    }
    return json;
}

Json labels_json(const Labels& labels, const ClassTable& classes) {
    Json boxes = Json::array(), ignore = Json::array(), regions = Json::array();
    for (const LabelledBox& entry : labels.boxes) {
        boxes.push_back({{"class", classes.class_name(entry.class_id)},
                         {"box_xyxy", {entry.box.x0, entry.box.y0, entry.box.x1, entry.box.y1}}});
    }
    for (const IgnoreRegion& region : labels.ignore) {
        ignore.push_back({{"class", region.class_id < 0 ? "*" : classes.class_name(region.class_id)},
                          {"polygon", polygon_json(region.area)}});
    }
    for (const LabelRegion& region : labels.regions) {
        regions.push_back({{"polygon", polygon_json(region.area)}, {"states", states_json(region.states, classes)}});
    }
    return {
        {"states", states_json(labels.states, classes)}, {"boxes", boxes}, {"ignore", ignore}, {"regions", regions}};
}

Json row_json(const Batch& batch, std::size_t row, const NonFinite& found, const BatchNames& names) {
    const auto index = static_cast<std::int64_t>(row);
    return {{"picture", picture_name(row)},
            {"dataset", names.datasets.at(static_cast<std::size_t>(batch.dataset.at(row)))},
            {"record", batch.record.at(row)},
            {"file", batch.file.at(row)},
            {"took_part", std::count(found.rows.begin(), found.rows.end(), index) > 0},
            {"labels", labels_json(batch.labels.at(row), names.classes)}};
}

/// A number that JSON can hold, or its name.
Json number_json(double value) { return std::isfinite(value) ? Json(value) : Json(loss_text(value)); }

std::string batch_json(const Batch& batch, const NonFinite& found, const BatchNames& names) {
    Json losses = Json::object(), rows = Json::array();
    for (const auto& [branch, figures] : found.losses) {
        losses[branch] = {{"class", number_json(figures.class_loss)},
                          {"box", number_json(figures.box_loss)},
                          {"rows", figures.rows},
                          {"positives", figures.positives}};
        if (figures.teacher_loss) losses[branch]["teacher"] = number_json(*figures.teacher_loss);
    }
    for (std::size_t row = 0; row < static_cast<std::size_t>(batch.count); ++row) {
        rows.push_back(row_json(batch, row, found, names));
    }
    const Json json{{"not_finite", found.what},
                    {"branch", found.branch},
                    {"tensor", found.tensor},
                    {"losses", losses},
                    {"rows", rows}};
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; // a file name may hold any byte
}

} // namespace

void write_batch_dump(const std::string& folder, const Batch& batch, const NonFinite& found, const BatchNames& names) {
    const std::string unfinished = folder + ".partial";
    try {
        fs::remove_all(unfinished);
        for (std::size_t row = 0; row < static_cast<std::size_t>(batch.count); ++row) {
            write_png(unfinished + "/" + picture_name(row), picture_of(batch, row));
        }
        write_file_atomically(unfinished + "/batch.json", batch_json(batch, found, names));
        fs::remove_all(folder);
        fs::rename(unfinished, folder);
    } catch (const fs::filesystem_error& error) {
        throw IoError(ErrorText{folder, "cannot be written: " + error.code().message(), "", "", ""});
    }
}

} // namespace banyan
