#include "data/load_sample.h"

#include <string>

#include "core/error.h"
#include "image/image_codec.h"
#include "image/placement.h"

namespace banyan {

namespace {

std::string size_text(int width, int height) { return std::to_string(width) + " x " + std::to_string(height); }

} // namespace

void check_picture_size(const Image& image, const Record& record) {
    if (image.width == record.width && image.height == record.height) return;
    throw DataError(ErrorText{record.file, "the picture's size has changed since the data set was read",
                              size_text(record.width, record.height), size_text(image.width, image.height),
                              "start again"});
}

Sample load_sample(const Dataset& dataset, std::size_t index) {
    const Record& record = dataset.record(index);
    Sample sample;
    sample.record = static_cast<std::int64_t>(index);
    sample.file = record.file;
    sample.image = read_image(record.file);
    check_picture_size(sample.image, record);
    sample.labels = record.labels;
    return sample;
}

Sample load_eval_sample(const Dataset& dataset, std::size_t index, int side, LetterboxGeometry& geometry) {
    Sample sample = load_sample(dataset, index);
    sample.image = letterbox(sample.image, side, geometry);
    for (LabelledBox& labelled : sample.labels.boxes) labelled.box = geometry.from_original(labelled.box);
    Placement placement;
    placement.scale = static_cast<double>(geometry.scale);
    placement.offset_x = static_cast<double>(geometry.pad_x);
    placement.offset_y = static_cast<double>(geometry.pad_y);
    for (IgnoreRegion& region : sample.labels.ignore) region.area = place_polygon(region.area, placement, side);
    for (LabelRegion& region : sample.labels.regions) region.area = place_polygon(region.area, placement, side);
    return sample;
}

} // namespace banyan
