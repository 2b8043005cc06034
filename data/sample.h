#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/box.h"
#include "core/polygon.h"
#include "image/image.h"

namespace banyan {

/// What is known of one class in one image (docs/glossary.md).
enum class LabelState : std::uint8_t {
    unknown,    ///< nothing is known: the class may be there, unlabelled
    partial,    ///< the boxes given are true, there may be more
    exhaustive, ///< every instance is boxed
    absent      ///< verified: no instance in the image
};

/// Where no box of the class is, there is no instance of it.
inline bool is_covered(LabelState state) { return state == LabelState::exhaustive || state == LabelState::absent; }
/// Boxes of the class may be given.
inline bool may_have_boxes(LabelState state) { return state == LabelState::exhaustive || state == LabelState::partial; }

/// One labelled object; `class_id` counts in the run's ClassTable.
struct LabelledBox {
    Box box;
    int class_id = 0;
};

/// Region in which class `class_id` is not judged (crowd, difficult); class_id -1: every class.
struct IgnoreRegion {
    Polygon area;
    int class_id = -1;
};

/// Part of a composed picture (a tile of a mosaic, a pasted patch) with label states of its own.
struct LabelRegion {
    Polygon area;
    std::vector<LabelState> states; ///< [class id], as Labels::states
};

/// Labels of one image in pixels of that image. What is known of a class at a point is told by the last region that
/// holds the point, else by `states`.
struct Labels {
    std::vector<LabelledBox> boxes;
    std::vector<IgnoreRegion> ignore;
    std::vector<LabelState> states;   ///< [class id], size of the ClassTable
    std::vector<LabelRegion> regions; ///< bottom to top; empty unless the picture is composed of several
};

/// One image with its labels, before or after transforms.
struct Sample {
    int dataset = 0;         ///< index into the run's data sets
    std::int64_t record = 0; ///< index into that data set
    std::string file;        ///< path of the picture, for messages
    Image image;
    Labels labels;
};

/// Ready for the network: equally sized images, NHWC bytes (RGB), and their labels.
struct Batch {
    int count = 0;
    int height = 0;
    int width = 0;
    std::vector<std::uint8_t> pixels; ///< [count, height, width, 3]
    std::vector<Labels> labels;       ///< [count]
    std::vector<int> dataset;         ///< [count]
    std::vector<std::int64_t> record; ///< [count]
    std::vector<std::string> file;    ///< [count]
};

} // namespace banyan
