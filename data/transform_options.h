#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/config_reader.h"
#include "core/task.h"

namespace banyan {

/// Where the other pictures of a mosaic, mixup or copy-paste come from.
enum class PartnerSource {
    same, ///< the row's own data set
    any   ///< all data sets, drawn by the rows that they have in a batch
};

/// Geometry and colour changes of training. Ranges in brackets; 0 (or scale_low = scale_high = 1) turns one off.
struct TransformOptions {
    double flip = 0.5;           ///< probability of a left-right flip [0, 1]
    double scale_low = 0.6;      ///< size relative to the letterboxed picture, drawn log-uniformly [0.05, 20]
    double scale_high = 1.6;     ///< >= scale_low
    double rotate_degrees = 0.0; ///< turn drawn from [-x, x] [0, 180]
    double shear_degrees = 0.0;  ///< slant along x drawn from [-x, x], before the turn [0, 45]
    double brightness = 0.25;    ///< factor in [1 - x, 1 + x] [0, 1)
    double contrast = 0.25;      ///< the same, about mid-grey [0, 1)
    double saturation = 0.4;     ///< the same, about the pixel's grey [0, 1]
    double hue_degrees = 10;     ///< turn about the grey axis in [-x, x] [0, 180]
    double min_visible = 0.3;    ///< a box of which a smaller share is to be seen becomes an ignore region [0, 1]
    double min_side_px = 2.0;    ///< so does a box with a shorter side after the transform [0, 64]

    double mosaic = 0.0;       ///< probability of four pictures around a random point [0, 1]
    double mosaic_scale = 0.7; ///< size of a mosaic's pictures relative to those that stand alone [0.05, 20]
    double copy_paste = 0.0;   ///< probability of pasted patches around boxes of another picture [0, 1]
    double mixup = 0.0;        ///< probability of blending with another picture [0, 1]
    PartnerSource partners = PartnerSource::same;
    std::int64_t close_augmentation_after = 0; ///< batch from which the last three are off; 0: never

    /// Classes that change places when a picture is flipped, e.g. left and right hand. No class is in two pairs.
    std::vector<std::pair<std::string, std::string>> flip_pairs;
    /// The same by class id: [class id] its class in the mirror; empty where there are no pairs.
    std::vector<int> mirrored_class;
};

/// Reads the members above but the last under their names; all optional; calls reader.finish(). @throws ConfigError
TransformOptions parse_transforms(ConfigReader& reader, const ClassTable& table);

/// The options for fewer classes. Of a pair that lost one class, what the other becomes when flipped has no name any
/// more: then flips are turned off.
TransformOptions restrict_transforms(TransformOptions options, const ClassTable& table);

/// Options of batch `index`.
TransformOptions transforms_at(TransformOptions options, std::int64_t index);

} // namespace banyan
