#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/task.h"
#include "data/dataset.h"
#include "label/complete_labels.h"

namespace banyan {

/// A data set and what teachers add to it.
struct CompletedDataset {
    const DatasetOptions* options = nullptr;
    const Dataset* dataset = nullptr;
    std::vector<CompletedLabels> records;
};

/// What the files tell of a class that a teacher completes.
struct ClassProvenance {
    int class_id = 0;
    ScoreThresholds thresholds;
    double average_precision = -1; ///< below 0: not judged
};

/// What the files tell of a teacher.
struct TeacherProvenance {
    std::string name;
    std::string file;       ///< without its folder
    std::uint64_t hash = 0; ///< of its bytes (core/hash.h)
    std::vector<ClassProvenance> classes;
};

struct Provenance {
    std::string program; ///< "banyan 0.1.0"
    std::vector<TeacherProvenance> teachers;
};

/// A file to be written.
struct NamedText {
    std::string name; ///< below the output folder
    std::string text;
};

/// The files of a data set of the list `key` ("datasets" or "validation"; of the latter NAME is "NAME@validation"):
/// NAME.coco.json (original and added boxes of all classes, ignore regions that are boxes as crowds), NAME.states.json
/// (label states that are not those of the data set as a whole) and, if needed, NAME.ignore.json (all other ignore
/// regions). What they say of a picture is exactly its labels and what was added.
/// @throws DataError a picture whose file does not lie under its name in one folder with the others
std::vector<NamedText> completed_files(const CompletedDataset& completed, const std::string& key,
                                       const ClassTable& table, const Provenance& provenance);

/// The config with the list `key` replaced by data sets that load the completed files from the config's own folder, and
/// with all other paths made absolute, so that it may stand anywhere.
/// @throws ConfigError, IoError
std::string completed_config(const std::string& config_path, const std::string& key,
                             const std::vector<CompletedDataset>& completed, const ClassTable& table);

} // namespace banyan
