#pragma once

#include <string>
#include <vector>

#include "core/task.h"
#include "data/dataset.h"
#include "data/source_labels.h"

namespace banyan {

/// What to do about an unknown class: "did you mean …?", else the names there are (the first 12).
std::string class_hint(const std::string& word, const std::vector<std::string>& names);

/// How a data set's own classes become the run's.
struct ClassMap {
    std::vector<int> class_of_source; ///< [source class] our class id, or -1: dropped
    std::vector<LabelState> states;   ///< [class id] for the data set as a whole
};

/// Applies DatasetOptions' `classes` and `labels`. The source class "*" stands for all that are not named.
/// @throws ConfigError  a class of ours or of the data set that does not exist; a map and a state that contradict each
///                      other (mapped but absent or unknown; exhaustive or partial but nothing is mapped to it)
ClassMap map_classes(const DatasetOptions& options, const std::vector<std::string>& source_classes,
                     const ClassTable& table);

/// The states of one picture: the data set's, but a class is absent where all source classes mapped to it are; and a
/// class that is exhaustive in the data set is partial where one of them is. In a federated picture it is also partial
/// where nothing is known of one of them and another has a box, and unknown where none has a box.
std::vector<LabelState> picture_states(const ClassMap& map, const SourcePicture& picture);

} // namespace banyan
