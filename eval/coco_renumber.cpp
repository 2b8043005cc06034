#include "eval/coco_renumber.h"

#include <unordered_map>

#include "core/error.h"

namespace banyan {

namespace {

using PlaceOfName = std::unordered_map<std::string, std::int32_t>;

PlaceOfName places_of_images(const CocoProblem& problem, const std::string& name) {
    PlaceOfName places;
    for (const CocoImage& image : problem.images) {
        if (places.emplace(image.file_name, static_cast<std::int32_t>(places.size())).second) continue;
        throw DataError(ErrorText{name + ":/images", "repeated file_name", "names that differ",
                                  "\"" + image.file_name + "\" twice", "images are found by name here"});
    }
    return places;
}

} // namespace

RenumberedDetections renumber_detections(const CocoProblem& problem, const CocoProblem& like, const std::string& name) {
    const PlaceOfName images = places_of_images(like, name);
    PlaceOfName categories;
    for (const CocoCategory& category : like.categories) {
        categories.emplace(category.name, static_cast<std::int32_t>(categories.size()));
    }
    std::vector<std::int32_t> image_of;
    for (const CocoImage& image : problem.images) {
        const auto found = images.find(image.file_name);
        if (found == images.end()) {
            throw DataError(ErrorText{name + ":/images", "an image is missing", "all images that are judged",
                                      "no \"" + image.file_name + "\"", "is it a file of the same split?"});
        }
        image_of.push_back(found->second);
    }
    RenumberedDetections result;
    result.problem.images = like.images;
    result.problem.categories = like.categories;
    for (CocoDetection detection : problem.detections) {
        const auto category = categories.find(problem.categories[static_cast<std::size_t>(detection.category)].name);
        if (category == categories.end()) {
            ++result.other_classes;
            continue;
        }
        detection.image = image_of[static_cast<std::size_t>(detection.image)];
        detection.category = category->second;
        result.problem.detections.push_back(detection);
    }
    return result;
}

} // namespace banyan
