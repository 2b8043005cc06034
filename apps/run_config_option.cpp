#include "apps/run_config_option.h"

#include <utility>

#include "apps/option_values.h"

namespace banyan {

RunConfig run_config_option(const Options& options) {
    RunConfig config = load_run_config(text_option(options, "config"), texts_option(options, "set"));
    if (options.count("tasks") == 0) return config;
    return restrict_to_tasks(std::move(config), split_names(text_option(options, "tasks"), "--tasks"));
}

} // namespace banyan
