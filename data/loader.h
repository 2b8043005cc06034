#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/config_reader.h"
#include "data/dataset.h"
#include "data/load_sample.h"
#include "data/sample.h"
#include "data/sampling_options.h"
#include "data/transforms.h"

namespace banyan {

struct LoaderOptions {
    int batch_size = 16;            ///< rows a batch [1, 4096]
    std::vector<int> sides = {320}; ///< image sides, one drawn per batch; each in [32, 4096]
    int threads = 1;                ///< [1, 64]
    int queue = 4;                  ///< finished batches held at most [1, 64]
    std::int64_t cache_mb = 1024;   ///< decoded pictures kept in memory [0, 1048576]
    std::uint64_t seed = 0;
    SamplingOptions sampling; ///< the config's "sampling"
};

/// Reads "batch_size", "sides", "threads", "queue", "cache_mb"; the seed is the run's. Calls reader.finish().
/// @throws ConfigError
LoaderOptions parse_loader(ConfigReader& reader);

/// Endless training batches mixed from several data sets by their ratio.
///
/// Batch b is a pure function of (data sets, options but threads/queue/cache, b): neither thread count, timing, cache
/// nor the first index changes a bit of it. Rows are dealt to the data sets by largest credit, so that each batch
/// holds each set's fair share to within one row; within a data set every epoch is one seeded permutation
/// (data/batch_plan.h; data/sampling_options.h for other wishes). Rows of a data set lie together. A row composed of
/// several pictures (data/composition.h) counts as its primary's; its partners are drawn at random, beside the
/// permutations.
class BatchLoader {
public:
    /// `datasets` must outlive the loader. @param first_batch index of the first batch, for a resumed run.
    /// @throws DataError an empty list or data set; CheckError options out of range
    BatchLoader(const std::vector<Dataset>& datasets, LoaderOptions options, TransformOptions transforms,
                std::int64_t first_batch = 0);
    ~BatchLoader(); ///< stops and joins the threads; waits for at most one sample each
    BatchLoader(const BatchLoader&) = delete;
    BatchLoader& operator=(const BatchLoader&) = delete;

    /// The next batch in order; waits for it. A worker's error (e.g. DataError of a broken picture) is thrown here at
    /// the batch where it happened, and again by every later call. For one caller at a time.
    Batch next();
    /// Index of the batch that next() returns next.
    std::int64_t next_index() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace banyan
