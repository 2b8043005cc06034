#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/loader.h"
#include "model/multi_task_model.h"

namespace banyan {

/// Pictures that tell nothing of a branch, or nothing of some of its classes but something of the others.
struct IdlePictures {
    std::string branch;
    std::vector<std::size_t> classes;  ///< places in Branch::classes; empty: the whole branch
    std::vector<Dataset> datasets;     ///< with these pictures only; sets without any are left out
    std::vector<std::size_t> original; ///< [datasets] index of each among the run's
};

/// For each branch one entry, then one for each group of its classes that may be idle while others are not: classes
/// that are unknown in the same pictures go together, and where all do there is no group. Entries may have no pictures.
std::vector<IdlePictures> find_idle_pictures(const std::vector<Branch>& branches, const std::vector<Dataset>& datasets);

/// Endless batches of them, each row with the index of its data set among the run's.
class IdleLoader {
public:
    /// `pictures` must outlive it. What the sampling wishes of branches is put aside.
    IdleLoader(const IdlePictures& pictures, LoaderOptions options, const TransformOptions& transforms);
    Batch next();

private:
    const IdlePictures& pictures_;
    BatchLoader loader_;
};

} // namespace banyan
