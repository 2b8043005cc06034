#include "heads/head_config.h"

#include "core/error.h"
#include "graph/enum_names.h"

namespace banyan {

const ConfigReader::Choices<BoxOutputs>& box_outputs_choices() {
    static const ConfigReader::Choices<BoxOutputs> table{{"shared", BoxOutputs::shared},
                                                         {"per_task", BoxOutputs::per_task}};
    return table;
}

HeadOptions parse_head(ConfigReader reader) {
    constexpr double kSmallestPrior = 1e-6;
    HeadOptions options;
    enum class Type { dense };
    reader.choice("type", ConfigReader::Choices<Type>{{"dense", Type::dense}}, Type::dense);
    const ConfigReader::Choices<TowerKind> towers{{"separable", TowerKind::separable}, {"conv", TowerKind::conv}};
    options.tower = reader.choice("tower", towers, options.tower);
    options.depth = static_cast<int>(reader.integer("depth", 0, 8, options.depth));
    options.width = reader.integer("width", 8, 1024, options.width);
    options.split_towers = reader.boolean("split_towers", options.split_towers);
    options.activation = reader.choice("activation", activation_names(), options.activation);
    options.prior = reader.real("prior", kSmallestPrior, 0.5, options.prior);
    options.box_bins = static_cast<int>(reader.integer("box_bins", 0, kMostBoxBins, options.box_bins));
    options.boxes = reader.choice("boxes", box_outputs_choices(), options.boxes);
    reader.finish();
    if (options.box_bins == 1) {
        throw ConfigError(ErrorText{reader.where("box_bins"), "", "0 or at least 2", "1", ""});
    }
    if (options.width % 8 != 0) {
        throw ConfigError(ErrorText{reader.where("width"), "", "a multiple of 8", std::to_string(options.width), ""});
    }
    return options;
}

} // namespace banyan
