#include "data/sampling_options.h"

#include "core/error.h"

namespace banyan {

SamplingOptions parse_sampling(ConfigReader& reader) {
    SamplingOptions options;
    options.temperature = reader.real("temperature", 0.0, 1e6, options.temperature);
    options.branch_minimum = reader.integer("branch_minimum", 0, 4096, options.branch_minimum);
    options.repeat_factor = reader.real("repeat_factor", 0.0, 1.0, options.repeat_factor);
    options.where = reader.where();
    reader.finish();
    if (options.temperature > 0 && options.temperature < 1) {
        throw ConfigError(ErrorText{reader.where("temperature"), "", "0 or a number of at least 1",
                                    std::to_string(options.temperature), ""});
    }
    return options;
}

} // namespace banyan
