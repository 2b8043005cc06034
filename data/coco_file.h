#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "data/data_problems.h"

namespace banyan {

struct CocoFileImage {
    std::int64_t id = 0;
    std::string file_name;
    int width = 0; ///< 0: not stated
    int height = 0;
    bool is_federated = false;         ///< "neg_category_ids" is there, be it empty
    std::vector<std::int64_t> absent;  ///< "neg_category_ids"
    std::vector<std::int64_t> partial; ///< "not_exhaustive_category_ids"
    std::size_t entry = 0;             ///< index in the file's list
};

struct CocoFileCategory {
    std::int64_t id = 0;
    std::string name;
    std::size_t entry = 0;
};

struct CocoFileAnnotation {
    std::int64_t image_id = 0;
    std::int64_t category_id = 0;
    std::array<double, 4> box{}; ///< x, y, width, height; finite, sizes >= 0
    bool crowd = false;
    std::size_t entry = 0;
};

/// The parts of a COCO file that detection needs.
struct CocoFile {
    std::vector<CocoFileImage> images;
    std::vector<CocoFileCategory> categories;
    std::vector<CocoFileAnnotation> annotations;
};

/// Reads and checks each entry for itself; ids are not yet matched. Faults are added to `problems` as
/// "file:/annotations/7/bbox: …"; the file is not to be used then, faulty annotations are left out. @throws IoError
CocoFile read_coco_file(const std::string& path, DataProblems& problems);

} // namespace banyan
