#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "data/demo_scenes.h"

namespace banyan {

/// How large the demo's data sets are. The defaults take about half a minute on two cores and 60 MB.
struct DemoOptions {
    std::uint64_t seed = 1;
    int side = 288;           ///< of the square pictures in pixels [96, 1024]
    int train_pictures = 500; ///< in each of the three partly labelled sets [1, 100000]
    int eval_pictures = 150;  ///< in the fully labelled set [1, 100000]
    int jpeg_quality = 92;    ///< [1, 100]
    int threads = 2;          ///< [1, 64]; changes no byte of the result
};

/// One of the four sets. Faces and hands are visible in all of them, labelled only where `labelled` says so.
struct DemoSet {
    const char* name;             ///< also its folder
    std::array<bool, 3> labelled; ///< [class id] of demo_classes()
    DemoPlaces places;            ///< its mix of backgrounds
};

/// "street" labels persons, "portrait" faces, "workshop" hands; "all" has new scenes with every part labelled.
const std::array<DemoSet, 4>& demo_sets();

/// Pictures written so far, and in all.
using DemoProgress = std::function<void(std::int64_t done, std::int64_t total)>;

/// Writes each set to folder/NAME: images/000000.jpg …, instances.json (COCO; category ids are 1 + class id, only
/// labelled categories are listed, `file_name` is relative to images/, parts that are hardly visible are crowds) and
/// demo.json, which states the options and is written last. A set that is complete with the same options is left as it
/// is; one that is not, is written anew.
/// @param progress called from one thread at a time; may throw to stop
/// @throws ConfigError an option out of its range
/// @throws IoError     not writable, or a set's folder holds files that the demo did not write
void write_demo_datasets(const std::string& folder, const DemoOptions& options, const DemoProgress& progress = {});

} // namespace banyan
