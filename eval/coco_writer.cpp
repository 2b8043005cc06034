#include "eval/coco_writer.h"

#include <set>
#include <utility>

#include <nlohmann/json.hpp>

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

/// Appends items to a JSON list, one a line.
class LineList {
public:
    void add(const Json& item) {
        text_ += (text_.empty() ? "\n" : ",\n") + item.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    std::string text() const { return "[" + text_ + (text_.empty() ? "]" : "\n]"); }

private:
    std::string text_;
};

Json bbox_json(const CocoBox& box) { return {box.x, box.y, box.width, box.height}; }

Json polygon_json(const Polygon& polygon) {
    Json list = Json::array();
    for (const Point& corner : polygon.corners) {
        list.push_back(corner.x);
        list.push_back(corner.y);
    }
    return list;
}

bool is_judged(const CocoProblem& problem, const CocoAnnotation& annotation) {
    return problem.judgement(static_cast<std::size_t>(annotation.image),
                             static_cast<std::size_t>(annotation.category)) != CocoJudgement::unknown;
}

std::string annotations_json(const CocoProblem& problem) {
    LineList list;
    std::int64_t id = 0;
    for (const CocoAnnotation& annotation : problem.annotations) {
        if (!is_judged(problem, annotation)) continue; // its mere presence would say that the category is judged
        Json entry{{"id", ++id},
                   {"image_id", problem.images[static_cast<std::size_t>(annotation.image)].id},
                   {"category_id", problem.categories[static_cast<std::size_t>(annotation.category)].id},
                   {"bbox", bbox_json(annotation.box)},
                   {"area", annotation.area},
                   {"iscrowd", annotation.crowd ? 1 : 0}};
        if (!annotation.outline.corners.empty()) entry["ignore_polygon"] = polygon_json(annotation.outline);
        list.add(entry);
    }
    return list.text();
}

std::string images_json(const CocoProblem& problem) {
    std::set<std::pair<std::size_t, std::size_t>> annotated;
    for (const CocoAnnotation& annotation : problem.annotations) {
        annotated.insert({static_cast<std::size_t>(annotation.image), static_cast<std::size_t>(annotation.category)});
    }
    LineList list;
    for (std::size_t i = 0; i < problem.images.size(); ++i) {
        Json negative = Json::array(), not_exhaustive = Json::array();
        for (std::size_t k = 0; k < problem.categories.size(); ++k) {
            const CocoJudgement judgement = problem.judgement(i, k);
            if (judgement == CocoJudgement::judged && !annotated.contains({i, k}))
                negative.push_back(problem.categories[k].id);
            if (judgement == CocoJudgement::partial) not_exhaustive.push_back(problem.categories[k].id);
        }
        list.add({{"id", problem.images[i].id},
                  {"file_name", problem.images[i].file_name},
                  {"neg_category_ids", negative},
                  {"not_exhaustive_category_ids", not_exhaustive}});
    }
    return list.text();
}

} // namespace

std::string coco_predictions_json(const CocoProblem& problem) {
    LineList list;
    for (const CocoDetection& found : problem.detections) {
        list.add({{"image_id", problem.images[static_cast<std::size_t>(found.image)].id},
                  {"category_id", problem.categories[static_cast<std::size_t>(found.category)].id},
                  {"bbox", bbox_json(found.box)},
                  {"score", found.score}});
    }
    return list.text() + "\n";
}

std::string coco_ground_truth_json(const CocoProblem& problem) {
    LineList categories;
    for (const CocoCategory& category : problem.categories) {
        Json entry{{"id", category.id}, {"name", category.name}};
        if (!category.task.empty()) entry["task"] = category.task;
        categories.add(entry);
    }
    return "{\"images\": " + images_json(problem) + ",\n\"annotations\": " + annotations_json(problem) +
           ",\n\"categories\": " + categories.text() + "}\n";
}

} // namespace banyan
