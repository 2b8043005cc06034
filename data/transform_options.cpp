#include "data/transform_options.h"

#include <numeric>
#include <optional>
#include <sstream>

#include "core/error.h"
#include "data/class_map.h"

namespace banyan {

namespace {

constexpr double kBelowOne = 0.999;
constexpr std::int64_t kMaxBatches = 10'000'000;

std::string number_text(double value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

void read_geometry(ConfigReader& reader, TransformOptions& options) {
    options.flip = reader.real("flip", 0, 1, options.flip);
    options.scale_low = reader.real("scale_low", 0.05, 20, options.scale_low);
    options.scale_high = reader.real("scale_high", 0.05, 20, options.scale_high);
    options.rotate_degrees = reader.real("rotate_degrees", 0, 180, options.rotate_degrees);
    options.shear_degrees = reader.real("shear_degrees", 0, 45, options.shear_degrees);
    options.min_visible = reader.real("min_visible", 0, 1, options.min_visible);
    options.min_side_px = reader.real("min_side_px", 0, 64, options.min_side_px);
}

void read_colours(ConfigReader& reader, TransformOptions& options) {
    options.brightness = reader.real("brightness", 0, kBelowOne, options.brightness);
    options.contrast = reader.real("contrast", 0, kBelowOne, options.contrast);
    options.saturation = reader.real("saturation", 0, 1, options.saturation);
    options.hue_degrees = reader.real("hue_degrees", 0, 180, options.hue_degrees);
}

void read_composition(ConfigReader& reader, TransformOptions& options) {
    options.mosaic = reader.real("mosaic", 0, 1, options.mosaic);
    options.mosaic_scale = reader.real("mosaic_scale", 0.05, 20, options.mosaic_scale);
    options.copy_paste = reader.real("copy_paste", 0, 1, options.copy_paste);
    options.mixup = reader.real("mixup", 0, 1, options.mixup);
    options.partners =
        reader.choice("partners", {{"same", PartnerSource::same}, {"any", PartnerSource::any}}, options.partners);
    options.close_augmentation_after =
        reader.integer("close_augmentation_after", 0, kMaxBatches, options.close_augmentation_after);
}

/// The id of a class that no pair before has named.
int class_of_pair(const std::string& name, const std::string& where, const ClassTable& table,
                  const std::vector<int>& mirrored) {
    const std::optional<int> id = table.find_class(name);
    if (!id) {
        throw ConfigError(ErrorText{where, "unknown class \"" + name + "\"", "a class of a task", "",
                                    class_hint(name, table.class_names())});
    }
    if (mirrored[static_cast<std::size_t>(*id)] != *id) {
        throw ConfigError(
            ErrorText{where, "class \"" + name + "\" is in two pairs", "one pair for each class", "", ""});
    }
    return *id;
}

/// [class id] its class in the mirror; empty without pairs.
std::vector<int> mirrored_classes(const std::vector<std::pair<std::string, std::string>>& pairs,
                                  const std::string& where, const ClassTable& table) {
    if (pairs.empty()) return {};
    std::vector<int> mirrored(static_cast<std::size_t>(table.size()));
    std::iota(mirrored.begin(), mirrored.end(), 0);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const std::string at = where + "/" + std::to_string(i);
        const int first = class_of_pair(pairs[i].first, at, table, mirrored);
        const int second = class_of_pair(pairs[i].second, at, table, mirrored);
        if (first == second) {
            throw ConfigError(ErrorText{at, "a class paired with itself", "two classes",
                                        "\"" + pairs[i].first + "\" twice", "leave it out: it keeps its name anyway"});
        }
        mirrored[static_cast<std::size_t>(first)] = second;
        mirrored[static_cast<std::size_t>(second)] = first;
    }
    return mirrored;
}

} // namespace

TransformOptions parse_transforms(ConfigReader& reader, const ClassTable& table) {
    TransformOptions options;
    read_geometry(reader, options);
    read_colours(reader, options);
    read_composition(reader, options);
    options.flip_pairs = reader.text_pairs("flip_pairs", {});
    reader.finish();
    if (options.scale_high < options.scale_low) {
        throw ConfigError(ErrorText{reader.where("scale_high"), "the largest size is below the smallest",
                                    "at least scale_low = " + number_text(options.scale_low),
                                    number_text(options.scale_high), "set both"});
    }
    options.mirrored_class = mirrored_classes(options.flip_pairs, reader.where("flip_pairs"), table);
    return options;
}

TransformOptions restrict_transforms(TransformOptions options, const ClassTable& table) {
    std::vector<std::pair<std::string, std::string>> kept;
    for (const auto& pair : options.flip_pairs) {
        const bool has_first = table.find_class(pair.first).has_value();
        const bool has_second = table.find_class(pair.second).has_value();
        if (has_first && has_second) kept.push_back(pair);
        if (has_first != has_second) options.flip = 0;
    }
    options.flip_pairs = kept;
    options.mirrored_class = mirrored_classes(kept, "flip_pairs", table);
    return options;
}

TransformOptions transforms_at(TransformOptions options, std::int64_t index) {
    const bool closed = options.close_augmentation_after > 0 && index >= options.close_augmentation_after;
    if (closed) options.mosaic = options.copy_paste = options.mixup = 0;
    return options;
}

} // namespace banyan
