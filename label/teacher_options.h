#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/config_reader.h"
#include "core/task.h"
#include "label/decoder.h"
#include "label/score_thresholds.h"

namespace banyan {

struct SsdLevelOptions {
    std::string classes, boxes;   ///< names of the file's values: logits and box codes
    std::vector<double> sizes_px; ///< sides of the anchors, in pixels of the input
};

/// How the raw outputs of an SSD network become boxes.
struct SsdOptions {
    std::vector<SsdLevelOptions> levels;
    SsdVariances variances;
};

struct FastestDetOptions {};

/// A network of another project.
struct OnnxOptions {
    std::variant<SsdOptions, FastestDetOptions> decoder;
    double mean = 0, std = 1;                 ///< its input is (x - mean) / std, x in 0..255
    bool bgr = false;                         ///< its input has blue first
    double nms_iou = 0.5;                     ///< a box that overlaps a better one of its class by more is dropped
    std::vector<std::pair<int, int>> classes; ///< (class of the network, class id of ours)
};

/// One teacher as the file of teachers states it.
struct LabelTeacherOptions {
    std::string name;
    std::string file;                          ///< resolved, like the root of a data set
    std::vector<int> classes;                  ///< class ids of ours that it tells of
    std::optional<OnnxOptions> onnx;           ///< nothing: a model file of ours
    std::map<int, ScoreThresholds> thresholds; ///< by class id, given by hand
    std::string where;                         ///< "teachers.json:/teachers/0", for messages
    std::string settings; ///< all of this but name, file and thresholds as text: what decides what it finds
};

/// Reads a file {"teachers": […]} (docs/distillation.md). `table`: the classes that are labelled.
/// @throws ConfigError, IoError
std::vector<LabelTeacherOptions> load_teachers(const std::string& path, const ClassTable& table);

/// The same of text; `name` stands for the file in messages and paths. @throws ConfigError
std::vector<LabelTeacherOptions> parse_teachers(ConfigReader& reader, const ClassTable& table);

/// A network of ours that has learned from what `teachers` labelled, and tells of the same classes. @throws ConfigError
/// if one of them has its name, "student"
LabelTeacherOptions student_teacher(const std::string& file, const std::vector<LabelTeacherOptions>& teachers,
                                    const ClassTable& table);

} // namespace banyan
