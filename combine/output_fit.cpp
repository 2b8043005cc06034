#include "combine/output_fit.h"

#include "model/libtorch.h"

namespace banyan {

namespace {

constexpr double kLeastWeight = 1e-6; ///< so that an anchor that never scores has a solution

at::Tensor of_anchor(const at::Tensor& rows, std::int64_t anchor, std::int64_t anchors) {
    const std::int64_t channels = rows.size(0) / anchors;
    return rows.slice(0, anchor * channels, (anchor + 1) * channels);
}

std::vector<at::Tensor> weights_of_anchor(const TaskWeights& weights, std::int64_t anchor) {
    std::vector<at::Tensor> result;
    for (const at::Tensor& level : weights.anchors) result.push_back(level.select(1, anchor) + kLeastWeight);
    return result;
}

/// Solves for rows [k, W] and biases [k] on the merged features. @return share of the scatter that is lost
double solve(const Moments& moments, double ridge, at::Tensor& weight, at::Tensor& bias) {
    const at::Tensor solution = moments.solve(ridge);
    const std::int64_t features = solution.size(0) - 1;
    weight = solution.slice(0, 0, features).t().contiguous();
    bias = solution[features].clone();
    const double scatter = moments.scatter().sum().item<double>();
    return scatter > 0 ? moments.errors(solution).sum().item<double>() / scatter : 0;
}

/// Sums for the boxes of one anchor, each level's values times a factor.
void add_boxes(const OutputJob& job, const std::vector<at::Tensor>& merged, std::int64_t anchor,
               const std::vector<at::Tensor>& factors, Moments& moments) {
    const at::Tensor weight = of_anchor(job.rows.box_weight, anchor, job.anchors),
                     bias = of_anchor(job.rows.box_bias, anchor, job.anchors);
    const std::vector<at::Tensor> cells = weights_of_anchor(*job.weights, anchor);
    for (std::size_t level = 0; level < merged.size(); ++level) {
        const at::Tensor codes = (at::matmul(job.features.boxes[level], weight.t()) + bias) * factors[level];
        moments.add(merged[level], codes, cells[level]);
    }
}

/// Box rows of all anchors. @param jobs of the tasks that share them @param factors [job][level]
double fit_boxes(const std::vector<const OutputJob*>& jobs, const std::vector<at::Tensor>& merged, double ridge,
                 const std::vector<std::vector<at::Tensor>>& factors, OutputRows& rows) {
    const std::int64_t anchors = jobs.front()->anchors;
    std::vector<at::Tensor> weights, biases;
    double lost = 0;
    for (std::int64_t anchor = 0; anchor < anchors; ++anchor) {
        Moments moments;
        for (std::size_t j = 0; j < jobs.size(); ++j) add_boxes(*jobs[j], merged, anchor, factors[j], moments);
        lost += solve(moments, ridge, weights.emplace_back(), biases.emplace_back());
    }
    rows.box_weight = at::cat(weights);
    rows.box_bias = at::cat(biases);
    return lost / static_cast<double>(anchors);
}

} // namespace

std::vector<TowerReading> readings_of(const OutputJob& job, std::size_t source, bool classes, bool boxes) {
    std::vector<TowerReading> readings;
    if (classes) readings.push_back({source, job.rows.class_weight, job.rows.class_bias, job.weights->cells});
    for (std::int64_t anchor = 0; boxes && anchor < job.anchors; ++anchor) {
        readings.push_back({source, of_anchor(job.rows.box_weight, anchor, job.anchors),
                            of_anchor(job.rows.box_bias, anchor, job.anchors),
                            weights_of_anchor(*job.weights, anchor)});
    }
    return readings;
}

double fit_class_rows(const OutputJob& job, const std::vector<at::Tensor>& merged, double ridge, OutputRows& rows) {
    Moments moments;
    for (std::size_t level = 0; level < merged.size(); ++level) {
        const at::Tensor logits =
            at::matmul(job.features.classes[level], job.rows.class_weight.t()) + job.rows.class_bias;
        moments.add(merged[level], logits, job.weights->cells[level]);
    }
    return solve(moments, ridge, rows.class_weight, rows.class_bias);
}

double fit_box_rows(const OutputJob& job, const std::vector<at::Tensor>& merged, double ridge, OutputRows& rows) {
    rows.box_scales = job.rows.box_scales;
    const std::vector<at::Tensor> ones(merged.size(), at::ones({1}));
    return fit_boxes({&job}, merged, ridge, {ones}, rows);
}

double fit_shared_box_rows(const std::vector<OutputJob>& jobs, const std::vector<at::Tensor>& merged, double ridge,
                           OutputRows& rows) {
    rows.box_scales.clear();
    for (std::size_t level = 0; level < merged.size(); ++level) {
        at::Tensor logarithms = at::zeros({1});
        for (const OutputJob& job : jobs)
            logarithms = logarithms + job.rows.box_scales[level].abs().clamp_min(1e-6).log();
        rows.box_scales.push_back((logarithms / static_cast<double>(jobs.size())).exp());
    }
    std::vector<const OutputJob*> all;
    std::vector<std::vector<at::Tensor>> factors;
    for (const OutputJob& job : jobs) {
        all.push_back(&job);
        std::vector<at::Tensor>& own = factors.emplace_back();
        for (std::size_t level = 0; level < merged.size(); ++level) {
            own.push_back(job.rows.box_scales[level] / rows.box_scales[level]);
        }
    }
    return fit_boxes(all, merged, ridge, factors, rows);
}

} // namespace banyan
