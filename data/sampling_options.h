#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config_reader.h"

namespace banyan {

/// The classes of one branch: a record counts for the branch if something is known of one of them.
struct SampledBranch {
    std::string name;
    std::vector<int> classes; ///< class ids
};

/// How often data sets and pictures are seen.
struct SamplingOptions {
    /// T >= 1: the share of a data set in the batches is proportional to ratio * pictures^(1 / T), so 1 makes every
    /// picture as frequent as every other, and a large T leaves the ratios alone. 0: the ratios alone.
    double temperature = 0;
    std::int64_t branch_minimum = 0; ///< rows that every batch holds of each branch at least [0, 4096]
    /// t: within a data set a picture is repeated max(1, max over its classes c of sqrt(t / f_c)) times an epoch, f_c
    /// the share of the data set's pictures with a box of class c ("LVIS", arXiv:1908.03195, appendix B). 0: once.
    double repeat_factor = 0;
    std::vector<SampledBranch> branches; ///< of the model, not of the config's object
    std::string where = "sampling";      ///< "config.json:/sampling", for messages
};

/// Reads "temperature", "branch_minimum", "repeat_factor"; calls reader.finish(). @throws ConfigError
SamplingOptions parse_sampling(ConfigReader& reader);

} // namespace banyan
