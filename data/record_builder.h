#pragma once

#include <string>
#include <vector>

#include "data/class_map.h"
#include "data/data_folder.h"
#include "data/data_problems.h"
#include "data/dataset.h"
#include "data/source_labels.h"

namespace banyan {

/// A data set's records with the counted warnings.
struct CheckedRecords {
    std::vector<Record> records;
    std::vector<std::string> warnings;
    std::vector<std::string> notes; ///< counted facts that are no faults
};

/// Checks every picture (header, whole file, stated size) on several threads, and every box of a mapped class against
/// its picture; maps classes. Boxes up to max(2 px, 1 %) over the edge are clipped, boxes without area dropped.
CheckedRecords build_records(SourceLabels labels, const ClassMap& map, DataFolder& folder, DataProblems& problems);

} // namespace banyan
