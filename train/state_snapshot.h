#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/multi_task_model.h"
#include "train/ema.h"
#include "train/optimizer.h"

namespace banyan {

/// Copies of all that a training step may change, by names that tell what it is: "parameter trunk.…", "statistic …",
/// "optimizer first.…", "ema average.…". Each belongs to a tensor of the network.
class StateSnapshot {
public:
    StateSnapshot(const MultiTaskModel& model, const Optimizer& optimizer, const Ema& ema);

    struct Entry {
        std::string owner; ///< parameter or statistic of the network
        at::Tensor values;
    };
    const std::map<std::string, Entry>& entries() const { return entries_; }

private:
    void add(const std::string& kind, const std::map<std::string, at::Tensor>& tensors, bool has_prefix);

    std::map<std::string, Entry> entries_;
};

/// Tensors of the network to compare, each with the channels that count (undefined: all).
using ComparedTensors = std::map<std::string, at::Tensor>;

/// What belongs to a branch alone: parameters and statistics of nodes that only its outputs need.
ComparedTensors tensors_of_branch(const MultiTaskModel& model, const Branch& branch);
/// The channels of a branch's class convolution that are those of some of its classes. @param classes places in
/// Branch::classes
ComparedTensors columns_of_classes(const MultiTaskModel& model, const Branch& branch,
                                   const std::vector<std::size_t>& classes);

/// Result of a comparison to the bit (NaN equals itself, 0 is not -0).
struct SnapshotComparison {
    std::int64_t tensors = 0;     ///< compared
    std::string first_difference; ///< name of an entry; "" if all are equal
};
/// An entry that only one of the snapshots has is a difference.
SnapshotComparison compare(const StateSnapshot& before, const StateSnapshot& after, const ComparedTensors& tensors);

} // namespace banyan
