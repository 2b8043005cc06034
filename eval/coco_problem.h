#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/box.h"
#include "core/polygon.h"

namespace banyan {

/// Box as COCO writes it: corner and size in pixels. Doubles, because the thresholds are compared exactly.
struct CocoBox {
    double x = 0, y = 0, width = 0, height = 0;

    double area() const { return width * height; }
    bool operator==(const CocoBox&) const = default;
};

CocoBox to_coco_box(const Box& box);

struct CocoImage {
    std::int64_t id = 0;
    std::string file_name = {}; ///< "" where the file tells none
};

struct CocoCategory {
    std::int64_t id = 0;
    std::string name;
    std::string task = {}; ///< that it belongs to; "": it stands for itself
};

/// One object, or with `crowd` a region in which detections of the category are not judged: a detection that lies in
/// it by the share that the IoU threshold asks for (intersection / detection) is ignored unless it matches an object.
struct CocoAnnotation {
    std::int32_t image = 0;    ///< index into CocoProblem::images
    std::int32_t category = 0; ///< index into CocoProblem::categories
    CocoBox box;
    double area = 0; ///< decides the area range; of the mask in COCO's own files, so not always the box's
    bool crowd = false;
    /// The file gave this annotation the id 0. pycocotools stores a detection's match as that id and so takes it for
    /// none: the detection counts as a false positive. Reproduced, counted in CocoResult::zero_id_annotations.
    bool zero_id = false;
    /// Of a crowd that is no box: its exact region, whose bounds are `box`. Without corners: the box is the region.
    Polygon outline = {};
};

struct CocoDetection {
    std::int32_t image = 0;    ///< index into CocoProblem::images
    std::int32_t category = 0; ///< index into CocoProblem::categories
    CocoBox box;
    double score = 0; ///< any finite number; higher is surer
};

/// Whether detections of one category are judged in one image.
enum class CocoJudgement : std::uint8_t {
    judged,  ///< every instance is annotated, or there is verified to be none
    partial, ///< the annotations are true, there may be more: unmatched detections are ignored
    unknown  ///< nothing is known: the image does not count for the category, whatever was found there
};

/// Ground truth and detections of one evaluation. Equal scores in several images are ordered by the image's index, so
/// images sorted by id give pycocotools' result.
struct CocoProblem {
    std::vector<CocoImage> images;
    std::vector<CocoCategory> categories;
    std::vector<CocoAnnotation> annotations;
    std::vector<CocoDetection> detections;
    /// [image * categories.size() + category]; empty: everything is judged, as in COCO.
    std::vector<CocoJudgement> judgements;

    std::size_t unknown_category_detections = 0; ///< left out by the reader, as pycocotools does
    double load_seconds = 0;                     ///< spent by the readers, copied into the result

    CocoJudgement judgement(std::size_t image, std::size_t category) const {
        return judgements.empty() ? CocoJudgement::judged : judgements[image * categories.size() + category];
    }
    /// Makes `judgements` when it is empty. Indices must be in range.
    void set_judgement(std::size_t image, std::size_t category, CocoJudgement judgement);
    /// Appends a crowd annotation for one category, or for every category where `category` is -1.
    void add_ignore_region(std::int32_t image, std::int32_t category, const CocoBox& box);
    /// The same for a polygon; one that fills its bounds becomes a box.
    void add_ignore_region(std::int32_t image, std::int32_t category, const Polygon& area);
};

/// @throws CheckError an index out of range or `judgements` of the wrong size; DataError a box, outline, area or score
/// that is not finite, or a negative size; the message names the record.
void check_coco_problem(const CocoProblem& problem);

} // namespace banyan
