#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "combine/anchor_union.h"
#include "combine/merge_sources.h"

namespace banyan {

/// Output convolutions on the last features of a tower, of one task or of several.
struct OutputRows {
    at::Tensor class_weight;            ///< [A * K, W], row a * K + k
    at::Tensor class_bias;              ///< [A * K]
    at::Tensor box_weight;              ///< [A * C, W]
    at::Tensor box_bias;                ///< [A * C]
    std::vector<at::Tensor> box_scales; ///< a level, [1]
};

/// A task's rows in the source network, told by the united anchors.
OutputRows source_rows(const GraphModule& module, const TaskSource& task, const AnchorMap& map);

/// The tasks' class rows joined anchor by anchor. Box rows are the first task's.
OutputRows joined_rows(const std::vector<OutputRows>& tasks, std::int64_t anchors);
/// Whether the box outputs are the same in every bit.
bool have_equal_boxes(const std::vector<OutputRows>& tasks);

/// Logits of box bins count up to a constant for each side: the rows without it (their mean over a side's bins is 0).
void centre_bins(OutputRows& rows, std::int64_t bins);

/// Writes rows into the tensors of one branch. @param outputs Branch::name
void write_rows(GraphModule& module, const std::string& outputs, const std::vector<int>& levels,
                const OutputRows& rows);

} // namespace banyan
