#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "combine/task_affinity.h"
#include "combine/task_batches.h"
#include "data/dataset.h"
#include "model/multi_task_model.h"
#include "train/train_config.h"

namespace banyan {

struct ProbeOptions {
    int rows = 8;           ///< of each batch [1, 4096]
    double own_drop = 0.01; ///< share of its own loss that a look-ahead step would take off a straight line (0, 1)
};

/// What one probe tells of each pair of tasks, [from][onto]; NaN where a gradient or loss was 0 or not finite.
struct AffinityProbeResult {
    std::int64_t step = 0; ///< of the run; of a network that is not trained, the number of the probe
    std::vector<std::vector<double>> look_ahead, cosine, log2_ratio;
};

/// Measures how the tasks of a network want its trunk's parameters theta changed, with two batches a task, A_i and B_i,
/// of equally many rows that label the task (combine/task_batches.h), by the losses that training has:
///
///   look-ahead   Z[i][j] = 1 - L_j(theta - eta_i g_i, B_j) / L_j(theta, B_j),   g_i the gradient of L_i(theta, A_i)
///   cosine       mean of cos(g_i(A_i), g_j(B_j)) and cos(g_i(B_i), g_j(A_j))
///   log2 ratio   log2 |g_i| / |g_j|, norms as means over the two batches
///
/// Z is the affinity of "Efficiently Identifying Task Groupings for Multi-Task Learning" (arXiv:2109.04617), which
/// steps by the optimiser's rate and judges on the batch that gave the gradient. Here every step would lower its own
/// loss by the same share if losses were straight lines, eta_i |g_i|^2 = own_drop L_i(theta, A_i): a branch's gradient
/// is as long as its loss and weight happen to be, which an adaptive optimiser undoes; steps of its length would rank
/// the tasks by the scale of their losses, and the ratio tells that already. And gradient and judgement come from
/// different pictures: else tasks that are labelled in the same ones would seem related, and each one most to itself.
/// So the diagonals are honest references.
///
/// L_j after the step is judged by the matches, qualities and weights that the predictions at theta gave. These are
/// constants for the gradient; found anew, they would move with the step, and a better box alone, whose class target
/// rises, can make the loss larger.
///
/// Losses are computed in float32 with batch statistics as in training. The network is as before afterwards, to the
/// bit: parameters and running statistics are put back; gradients, optimiser and average are not touched.
class AffinityProbe {
public:
    /// @throws UsageError fewer than two tasks, or a branch with several; DataError a task without labelled pictures
    AffinityProbe(const RunConfig& config, const std::vector<Dataset>& datasets, const ProbeOptions& options);

    /// @param model  a network of config.model, its trunk norms prepared for training
    /// @param number of the probe: it takes the batches 2 * number and 2 * number + 1 of each task
    AffinityProbeResult measure(MultiTaskModel& model, std::int64_t number);

private:
    TrainOptions train_;
    ProbeOptions options_;
    std::vector<std::string> branches_; ///< [T] of the tasks
    std::vector<TaskBatches> batches_;  ///< [T]
};

/// @throws UsageError fewer than two tasks, or a branch that serves several
void check_can_be_probed(const ModelOptions& options);

/// One line of affinity.jsonl: {"step", "tasks", "look_ahead", "gradient_cosine", "gradient_log2_ratio"}.
std::string probe_json(const std::vector<std::string>& tasks, const AffinityProbeResult& result);
/// All whole lines of such a file, none where there is no file. @throws DataError a line of other tasks or shape
std::vector<AffinityProbeResult> load_probes(const std::string& path, const std::vector<std::string>& tasks);

/// kLookAhead, kGradientCosine and kGradientRatio: means over the probes with their standard errors.
std::vector<AffinityMatrix> mean_affinities(const std::vector<AffinityProbeResult>& probes, std::size_t tasks);

} // namespace banyan
