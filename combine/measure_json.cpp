#include <nlohmann/json.hpp>

#include "combine/measure_affinities.h"
#include "core/atomic_file.h"
#include "core/hash.h"

namespace banyan {

std::string measurement_json(const RunConfig& config, const MeasureOptions& options) {
    const bool joint = options.model.empty();
    nlohmann::ordered_json json{{"schema_version", 1},
                                {"config_hash", hash_text(config.effective)},
                                {"rows", options.probe.rows},
                                {"own_drop", options.probe.own_drop},
                                {"pairs", measures_pairs(config, options)},
                                {"pair_pictures", options.pair_pictures},
                                {"shared_boxes", options.boxes == BoxOutputs::shared}};
    if (joint) {
        json["every"] = options.every;
    } else {
        json["model_hash"] = hash_text(read_file(options.model));
        json["probes"] = options.probes;
    }
    return json.dump(2) + "\n";
}

} // namespace banyan
