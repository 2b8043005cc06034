#include "train/run_identity.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include "core/atomic_file.h"
#include "core/cpu_features.h"
#include "core/hash.h"

namespace banyan {

namespace {

/// Kernels split their sums by threads and by what the processor can do.
std::string arithmetic_of(Precision precision) {
    const int threads = at::get_num_threads();
    return std::to_string(threads) + (threads == 1 ? " thread, " : " threads, ") +
           (use_bf16(precision) ? "bf16, " : "fp32, ") + at::get_cpu_capability() + ", LibTorch " + TORCH_VERSION +
           ", " + cpu_name();
}

} // namespace

RunIdentity identify_run(const RunConfig& config, const std::vector<Dataset>& training,
                         const std::vector<Dataset>& validation) {
    RunIdentity identity;
    identity.config_hash = hash_text(config.effective);
    for (const Dataset& dataset : training) {
        identity.datasets["training/" + dataset.name()] = hash_digits(dataset.fingerprint());
    }
    for (const Dataset& dataset : validation) {
        identity.datasets["validation/" + dataset.name()] = hash_digits(dataset.fingerprint());
    }
    identity.arithmetic = arithmetic_of(config.train.precision);
    if (!config.train.init.empty()) identity.files["train/init"] = hash_text(read_file(config.train.init));
    for (std::size_t i = 0; i < config.train.teachers.size(); ++i) {
        const std::string key = "train/teachers/" + std::to_string(i) + "/model";
        identity.files[key] = hash_text(read_file(config.train.teachers[i].model));
    }
    return identity;
}

} // namespace banyan
