#pragma once

#include <string>
#include <vector>

#include "core/config_reader.h"
#include "data/dataset.h"
#include "data/dataset_list.h"
#include "data/loader.h"
#include "data/transforms.h"
#include "network/model_options.h"
#include "train/train_options.h"

namespace banyan {

/// A whole training run: what `banyan train CONFIG` reads (docs/config.md).
struct RunConfig {
    ModelOptions model;
    std::vector<DatasetOptions> datasets;
    std::vector<DatasetOptions> validation; ///< may be empty
    LoaderOptions loader;
    TransformOptions transforms;
    TrainOptions train;
    std::string effective; ///< JSON text with all defaults written out and absolute paths
};

/// @param overrides "/pointer=value" each. @throws ConfigError, IoError
RunConfig load_run_config(const std::string& path, const std::vector<std::string>& overrides = {});
RunConfig run_config_from_text(const std::string& text, const std::string& name,
                               const std::vector<std::string>& overrides = {});
/// The same of a reader of a whole config; its keys_asked() then tells all keys (docs/config.md).
RunConfig parse_run_config(ConfigReader reader);

/// The run cut to some tasks: other tasks leave the branches, branches without a task and data sets that label none of
/// the tasks go away. For single-task baselines. @throws UsageError an unknown task
RunConfig restrict_to_tasks(RunConfig config, const std::vector<std::string>& tasks);

} // namespace banyan
