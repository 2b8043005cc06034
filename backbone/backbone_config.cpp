#include "backbone/backbone_config.h"

#include "core/error.h"
#include "graph/enum_names.h"

namespace banyan {

namespace {

/// Refuses `key`, which is in range but does not go with the backbone's other keys.
[[noreturn]] void refuse(const ConfigReader& reader, const std::string& key, const ErrorText& text) {
    ErrorText located = text;
    located.where = reader.where(key);
    throw ConfigError(located);
}

std::array<double, 3> three_numbers(ConfigReader& reader, const std::string& key, double lo,
                                    const std::array<double, 3>& fallback) {
    const std::vector<double> numbers = reader.reals(key, lo, 255.0, {fallback.begin(), fallback.end()});
    if (numbers.size() != 3) {
        refuse(reader, key,
               {"", "", "a list of 3 numbers, one a colour", "a list of " + std::to_string(numbers.size()), ""});
    }
    return {numbers[0], numbers[1], numbers[2]};
}

} // namespace

BackboneOptions parse_backbone(ConfigReader reader) {
    BackboneOptions options;
    options.type = reader.choice("type", backbone_choices(), options.type);
    options.width = reader.real("width", 0.1, 4.0, options.width);
    options.last_level = static_cast<int>(reader.integer("last_level", 2, 5, options.last_level));
    options.wide_top = reader.boolean("wide_top", options.wide_top);
    reader.finish();

    const std::string name = backbone_name(options.type);
    const bool mobile = options.type == BackboneType::mobilenet_v2;
    if (options.width != 1.0 && !mobile) {
        refuse(
            reader, "width",
            {"", "only mobilenet_v2 has a width", "1", std::to_string(options.width), "leave the key out for " + name});
    }
    if (options.wide_top && !mobile && options.type != BackboneType::efficientnet_lite0) {
        refuse(reader, "wide_top",
               {"", "only mobilenet_v2 and efficientnet_lite0 have a wide top", "false", "true",
                "leave the key out for " + name});
    }
    if (options.wide_top && options.last_level != 5) {
        refuse(reader, "wide_top",
               {"", "the wide top is level 5, which is cut off", "last_level 5", std::to_string(options.last_level),
                "set one of the two"});
    }
    return options;
}

NeckOptions parse_neck(ConfigReader reader) {
    NeckOptions options;
    options.type = reader.choice("type", neck_choices(), options.type);
    options.channels = reader.integer("channels", 1, 4096, options.channels);
    options.first_level = static_cast<int>(reader.integer("first_level", 2, 5, options.first_level));
    options.last_level = static_cast<int>(reader.integer("last_level", 2, 8, options.last_level));
    options.depthwise = reader.boolean("depthwise", options.depthwise);
    options.activation = reader.choice("activation", activation_choices(), options.activation);
    reader.finish();
    if (options.last_level < options.first_level) {
        refuse(reader, "last_level",
               {"", "", "a level from first_level " + std::to_string(options.first_level) + " on",
                std::to_string(options.last_level), ""});
    }
    return options;
}

Preprocessing parse_preprocessing(ConfigReader reader, const Preprocessing& fallback) {
    constexpr double kSmallestStd = 1e-3;
    Preprocessing preprocessing;
    preprocessing.mean = three_numbers(reader, "mean", 0.0, fallback.mean);
    preprocessing.std = three_numbers(reader, "std", kSmallestStd, fallback.std);
    reader.finish();
    return preprocessing;
}

const ConfigReader::Choices<BackboneType>& backbone_choices() {
    static const auto choices = [] {
        ConfigReader::Choices<BackboneType> table;
        for (const BackboneType type : {BackboneType::mobilenet_v2, BackboneType::efficientnet_lite0,
                                        BackboneType::resnet18, BackboneType::resnet34, BackboneType::resnet50}) {
            table.emplace_back(backbone_name(type), type);
        }
        return table;
    }();
    return choices;
}

const ConfigReader::Choices<NeckType>& neck_choices() {
    static const ConfigReader::Choices<NeckType> choices{{"fpn", NeckType::fpn}, {"pan", NeckType::pan}};
    return choices;
}

const ConfigReader::Choices<Activation>& activation_choices() { return activation_names(); }

} // namespace banyan
