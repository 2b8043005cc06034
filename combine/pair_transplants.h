#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "combine/task_affinity.h"
#include "combine/transplant.h"
#include "train/train_config.h"

namespace banyan {

struct PairTransplantOptions {
    std::string folder;          ///< for pairs.jsonl, and unmerged.coco.json with what `model` finds, taken if there
    std::string model;           ///< network with a branch for each task of the config
    std::size_t pictures = 64;   ///< of the training sets, by which branches are fitted
    std::size_t resamples = 200; ///< of the images, for the error of the AP lost
    std::uint64_t seed = 1;
    TransplantOptions transplant;
};

/// kTransplantDrop: what any two tasks lose when their branches are merged without training (combine/transplant.h).
/// Every merged pair is judged on the validation sets that label one of its tasks, cut to its branch; the network as it
/// is is judged once. AP as in kPoolingDrop, error: half of a 68 % interval of a paired bootstrap over the images. A
/// pair whose heads cannot share a tower has no drop, and is warned of; so has a task without ground truth.
///
/// Each finished pair is a line of pairs.jsonl, so that a stopped measurement goes on behind it; lines of another model
/// or other options are made anew. Nothing when a signal stopped it.
/// @throws UsageError no validation set, a branch with several tasks, other tasks than the config's; Errors of data and
/// files
std::optional<AffinityMatrix> pair_transplants(const RunConfig& config, const PairTransplantOptions& options);

/// What came of one pair, as a line of pairs.jsonl and back. @param tasks of the pair
std::string pair_json(const std::pair<std::string, std::string>& tasks, const PairDrops& drops);
/// First line of pairs.jsonl: what decides the others, weights and config by their hashes.
std::string pairs_header_json(const RunConfig& config, const PairTransplantOptions& options);
/// The finished pairs of a file with this header, in the order in which all pairs are measured; none where there is
/// none or where it has another header. @throws DataError a line that is no pair
std::vector<PairDrops> load_pairs(const std::string& path, const std::string& header);

} // namespace banyan
