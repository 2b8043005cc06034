#pragma once

#include "core/config_reader.h"

namespace banyan {

/// Geometry and colour changes of training. Ranges in brackets; 0 (or scale_low = scale_high = 1) turns one off.
struct TransformOptions {
    double flip = 0.5;        ///< probability of a left-right flip [0, 1]
    double scale_low = 0.6;   ///< size relative to the letterboxed picture, drawn log-uniformly [0.05, 20]
    double scale_high = 1.6;  ///< >= scale_low
    double brightness = 0.25; ///< factor in [1 - x, 1 + x] [0, 1)
    double contrast = 0.25;   ///< the same, about mid-grey [0, 1)
    double saturation = 0.4;  ///< the same, about the pixel's grey [0, 1]
    double hue_degrees = 10;  ///< turn about the grey axis in [-x, x] [0, 180]
    double min_visible = 0.3; ///< a box cut to a smaller share of its area becomes an ignore region [0, 1]
    double min_side_px = 2.0; ///< so does a box with a shorter side after the transform [0, 64]
};

/// Reads the members above under their names; all optional; calls reader.finish(). @throws ConfigError
TransformOptions parse_transforms(ConfigReader& reader);

} // namespace banyan
