#include "data/transform_options.h"

#include <sstream>

#include "core/error.h"

namespace banyan {

namespace {

constexpr double kBelowOne = 0.999;

std::string number_text(double value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

} // namespace

TransformOptions parse_transforms(ConfigReader& reader) {
    TransformOptions options;
    options.flip = reader.real("flip", 0, 1, options.flip);
    options.scale_low = reader.real("scale_low", 0.05, 20, options.scale_low);
    options.scale_high = reader.real("scale_high", 0.05, 20, options.scale_high);
    options.brightness = reader.real("brightness", 0, kBelowOne, options.brightness);
    options.contrast = reader.real("contrast", 0, kBelowOne, options.contrast);
    options.saturation = reader.real("saturation", 0, 1, options.saturation);
    options.hue_degrees = reader.real("hue_degrees", 0, 180, options.hue_degrees);
    options.min_visible = reader.real("min_visible", 0, 1, options.min_visible);
    options.min_side_px = reader.real("min_side_px", 0, 64, options.min_side_px);
    reader.finish();
    if (options.scale_high < options.scale_low) {
        throw ConfigError(ErrorText{reader.where("scale_high"), "the largest size is below the smallest",
                                    "at least scale_low = " + number_text(options.scale_low),
                                    number_text(options.scale_high), "set both"});
    }
    return options;
}

} // namespace banyan
