#pragma once

#include <string>
#include <vector>

#include "core/task.h"
#include "data/dataset.h"

namespace banyan {

/// Reads a file with a "datasets" list (a training config or a file with only that list) for evaluation.
/// @param key "datasets" or "validation". @throws ConfigError, IoError
std::vector<DatasetOptions> load_dataset_list(const std::string& path, const std::string& key);

/// The data set with its whole class map, also where `table` knows none of it: the rest becomes `other_classes`.
DatasetOptions with_other_classes(DatasetOptions dataset, const ClassTable& table);

/// Data sets whose class maps are cut to the classes of `table` (a model may know fewer tasks); sets whose map and
/// states name none go away. A set with lists or rules about single pictures keeps its map
/// (with_other_classes).
std::vector<DatasetOptions> datasets_for(std::vector<DatasetOptions> datasets, const ClassTable& table);

/// Whether lists or rules tell of single pictures, so that the map must stay whole.
bool names_single_pictures(const DatasetOptions& dataset);

/// Puts those of the names that `table` does not know into `other_classes`, each once.
void add_other_classes(DatasetOptions& dataset, const std::vector<std::string>& names, const ClassTable& table);

} // namespace banyan
