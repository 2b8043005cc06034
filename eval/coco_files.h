#pragma once

#include <string>
#include <string_view>

#include "eval/coco_problem.h"

namespace banyan {

/// Reads the ground truth of a COCO "instances" file: images, categories and annotations (id, image_id, category_id,
/// bbox, area; iscrowd is 0 where it is missing), in any order; everything else in it is passed over. Images and
/// categories come out sorted by id, annotations in the file's order, as pycocotools sees them.
///
/// Beyond COCO: a category's "task" and a crowd's "ignore_polygon" as coco_writer.h writes them.
///
/// An image may say what it judges, by LVIS's keys: with "neg_category_ids" the image is unknown for each category
/// that it neither annotates nor lists there; categories in "not_exhaustive_category_ids" are partial. Without these
/// keys everything is judged.
///
/// @throws IoError    missing or unreadable
/// @throws DataError  broken JSON; a key missing, repeated or of the wrong kind; a number that is not finite; a
///                    negative size; a repeated id or category name; an annotation of an image or category that the
///                    file does not list. The message names the file and the JSON pointer.
CocoProblem read_coco_ground_truth(const std::string& path);
/// The same from a text; `name` stands for the file in messages.
CocoProblem parse_coco_ground_truth(std::string_view text, const std::string& name);

/// Reads a COCO results file, a list of {image_id, category_id, bbox, score}, into problem.detections (replaced).
/// Detections of categories that the ground truth lacks are counted and left out, as pycocotools does.
///
/// @throws IoError    missing or unreadable
/// @throws DataError  as above; detections of images that the ground truth does not list: all their ids are counted,
///                    the first ones listed.
void read_coco_detections(const std::string& path, CocoProblem& problem);
/// The same from a text; `name` stands for the file in messages.
void parse_coco_detections(std::string_view text, const std::string& name, CocoProblem& problem);

} // namespace banyan
