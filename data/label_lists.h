#pragma once

#include <string>
#include <vector>

#include "data/class_map.h"
#include "data/data_folder.h"
#include "data/data_problems.h"
#include "data/dataset.h"
#include "data/picture_index.h"
#include "data/record_builder.h"

namespace banyan {

/// A data set whose records are built, and what its lists are read with. All references must outlive it.
struct ListedDataset {
    const DatasetOptions& options;
    const ClassTable& table; ///< classes that lists may name
    const ClassMap& map;
    const std::vector<std::string>& source_classes;
    DataFolder& folder;
    PictureIndex& pictures;
    CheckedRecords& checked;
};

/// Class ids that a list's "class" means: those of the class, else of the task of that name; "*": all.
/// Nothing where there is none, which is added to `problems`.
std::vector<int> listed_classes(const std::string& name, const std::string& where, const ClassTable& table,
                                DataProblems& problems);

/// Label states picture by picture, from the lists "image_labels". Two forms:
///  - columns "image", "class", "state" (data/list_file.h);
///  - OpenImages' verified labels, a CSV with the columns ImageID, LabelName, Confidence (data/verified_labels.h).
///
/// A state that names the class goes before one that names its task, that before "*", and any of them before the state
/// of the data set. Problems: unknown pictures, classes, states; two lists that contradict each other; exhaustive or
/// partial of a class to which nothing is mapped (where it was named; else such classes are passed over); absent where
/// the picture has boxes of the class. @throws IoError
void apply_image_labels(const ListedDataset& dataset, DataProblems& problems);

/// Ignore regions from the lists "ignore_regions": columns "image", "class" and either "box" [x0, y0, x1, y1] or
/// "polygon" [x, y, x, y, …], in pixels of the stored picture; cut to the picture. "*": no class is judged there.
/// Problems: unknown pictures and classes, both or neither shape, other counts of numbers, no area in the picture.
/// @throws IoError
void apply_ignore_regions(const ListedDataset& dataset, DataProblems& problems);

/// "absent_without": in a picture where a class is verified to have no instance (absent, or exhaustive without a box
/// and without an ignore region that could hide one), the classes listed with it are absent as well, unless more is
/// known of them. Repeated until nothing changes, so that rules may build on each other. @throws ConfigError unknown
/// classes
void apply_absence_rules(const ListedDataset& dataset);

} // namespace banyan
