#include "eval/coco_problem.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/error.h"

namespace banyan {

namespace {

bool is_index(std::int32_t index, std::size_t count) { return index >= 0 && static_cast<std::size_t>(index) < count; }

/// `record` is "annotation" or "detection".
void check_place(const CocoProblem& problem, std::int32_t image, std::int32_t category, const char* record) {
    BANYAN_CHECK(is_index(image, problem.images.size()), record, " of image index ", image, ", but there are ",
                 problem.images.size(), " images");
    BANYAN_CHECK(is_index(category, problem.categories.size()), record, " of category index ", category,
                 ", but there are ", problem.categories.size(), " categories");
}

bool is_sound(const CocoBox& box) {
    const bool finite =
        std::isfinite(box.x) && std::isfinite(box.y) && std::isfinite(box.width) && std::isfinite(box.height);
    return finite && box.width >= 0 && box.height >= 0;
}

std::string describe(const CocoBox& box) {
    return detail::concat_parts("[", box.x, ", ", box.y, ", ", box.width, ", ", box.height, "]");
}

bool is_sound(const Polygon& polygon) {
    return std::all_of(polygon.corners.begin(), polygon.corners.end(),
                       [](const Point& corner) { return std::isfinite(corner.x) && std::isfinite(corner.y); });
}

constexpr double kRounding = 1e-9;

/// Appends the crowd for its category, or for every category where that is -1.
void add_crowd(CocoAnnotation crowd, CocoProblem& problem) {
    const auto count = static_cast<std::int32_t>(problem.categories.size());
    const std::int32_t first = crowd.category < 0 ? 0 : crowd.category;
    const std::int32_t end = crowd.category < 0 ? count : crowd.category + 1;
    for (crowd.category = first; crowd.category < end; ++crowd.category) problem.annotations.push_back(crowd);
}

} // namespace

CocoBox to_coco_box(const Box& box) {
    const double x = box.x0;
    const double y = box.y0;
    return {x, y, box.x1 - x, box.y1 - y};
}

void CocoProblem::set_judgement(std::size_t image, std::size_t category, CocoJudgement judgement) {
    BANYAN_CHECK(image < images.size() && category < categories.size(), "no image ", image, " with a category ",
                 category, " among ", images.size(), " images and ", categories.size(), " categories");
    if (judgements.empty()) judgements.assign(images.size() * categories.size(), CocoJudgement::judged);
    const std::size_t place = image * categories.size() + category;
    BANYAN_CHECK(place < judgements.size(), "set_judgement: image ", image, " and category ", category,
                 " are beyond those that the first judgement was set for");
    judgements[place] = judgement;
}

void CocoProblem::add_ignore_region(std::int32_t image, std::int32_t category, const CocoBox& box) {
    add_crowd({image, category, box, box.area(), /*crowd=*/true, /*zero_id=*/false}, *this);
}

void CocoProblem::add_ignore_region(std::int32_t image, std::int32_t category, const Polygon& area) {
    const CocoBox box = to_coco_box(bounds(area));
    const double covered = banyan::area(area);
    if (covered >= box.area() * (1 - kRounding)) return add_ignore_region(image, category, box);
    add_crowd({image, category, box, covered, /*crowd=*/true, /*zero_id=*/false, area}, *this);
}

void check_coco_problem(const CocoProblem& problem) {
    const std::size_t pairs = problem.images.size() * problem.categories.size();
    BANYAN_CHECK(problem.judgements.empty() || problem.judgements.size() == pairs, "judgements has ",
                 problem.judgements.size(), " entries, expected none or images x categories = ", pairs);

    for (std::size_t i = 0; i < problem.annotations.size(); ++i) {
        const CocoAnnotation& annotation = problem.annotations[i];
        check_place(problem, annotation.image, annotation.category, "annotation");
        if (is_sound(annotation.box) && std::isfinite(annotation.area) && is_sound(annotation.outline)) continue;
        throw DataError(ErrorText{"ground truth annotation " + std::to_string(i), "bad box, outline or area",
                                  "finite numbers and a size of at least 0",
                                  describe(annotation.box) + " of area " + std::to_string(annotation.area), ""});
    }
    for (std::size_t i = 0; i < problem.detections.size(); ++i) {
        const CocoDetection& detection = problem.detections[i];
        check_place(problem, detection.image, detection.category, "detection");
        if (is_sound(detection.box) && std::isfinite(detection.score)) continue;
        throw DataError(ErrorText{"detection " + std::to_string(i) + " of image " +
                                      std::to_string(problem.images[static_cast<std::size_t>(detection.image)].id),
                                  "bad box or score", "finite numbers and a size of at least 0",
                                  describe(detection.box) + " with score " + std::to_string(detection.score),
                                  "was the network's output finite?"});
    }
}

} // namespace banyan
