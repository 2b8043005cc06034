#include "train/predicted_targets.h"

#include <utility>

#include "anchors/predicted_matcher.h"
#include "model/libtorch.h"
#include "train/losses.h"

namespace banyan {

namespace {

/// Candidates of all rows, one after the other.
struct Candidates {
    std::vector<std::vector<MatchCandidate>> by_row;
    std::vector<std::int64_t> rows, anchors, classes; ///< [Q] places of the outputs
    std::vector<float> truth, priors;                 ///< [Q, 4]
    std::vector<float> strides;                       ///< [Q]
};

void append(std::vector<float>& sides, const Box& box) { sides.insert(sides.end(), {box.x0, box.y0, box.x1, box.y1}); }

Candidates find_candidates(const AnchorSet& anchors, const std::vector<RowTruth>& rows) {
    Candidates all;
    for (std::size_t n = 0; n < rows.size(); ++n) {
        all.by_row.push_back(find_match_candidates(anchors, rows[n].boxes));
        for (const MatchCandidate& candidate : all.by_row.back()) {
            const auto truth = static_cast<std::size_t>(candidate.truth);
            all.rows.push_back(static_cast<std::int64_t>(n));
            all.anchors.push_back(static_cast<std::int64_t>(candidate.anchor));
            all.classes.push_back(rows[n].classes[truth]);
            append(all.truth, rows[n].boxes[truth]);
            append(all.priors, anchors.boxes[candidate.anchor]);
            all.strides.push_back(static_cast<float>(anchors.stride_of(candidate.anchor)));
        }
    }
    return all;
}

/// Fills in what the network predicts at each candidate.
void predict(const Branch& branch, const FlatOutputs& outputs, Candidates& all) {
    const torch::NoGradGuard no_grad;
    const auto like = outputs.codes.options();
    const auto index = [&](const std::vector<std::int64_t>& list) {
        return at::tensor(at::ArrayRef<std::int64_t>(list), at::kLong).to(like.device());
    };
    const auto numbers = [&](const std::vector<float>& list) {
        return at::tensor(at::ArrayRef<float>(list), at::kFloat).to(like);
    };
    const at::Tensor rows = index(all.rows), anchors = index(all.anchors);
    const at::Tensor scores = outputs.logits.index({rows, anchors, index(all.classes)}).sigmoid(); // [Q]
    const at::Tensor boxes = decode_outputs(branch, outputs.codes.index({rows, anchors}), // [n, R, C] -> [Q, C]
                                            numbers(all.priors).view({-1, 4}), numbers(all.strides));
    const at::Tensor ious = paired_iou(boxes, numbers(all.truth).view({-1, 4})); // [Q]
    const at::Tensor both = at::stack({scores, ious}).to(at::kCPU, at::kFloat).contiguous();
    const auto* score = both.const_data_ptr<float>();
    const float* iou = score + both.size(1);
    for (std::vector<MatchCandidate>& row : all.by_row) {
        for (MatchCandidate& candidate : row) {
            candidate.score = *score++;
            candidate.iou = *iou++;
        }
    }
}

} // namespace

BranchTargets match_predictions(const Branch& branch, const AnchorSet& anchors, const FlatOutputs& outputs,
                                BranchTargets targets) {
    if (targets.unmatched.empty()) return targets;
    Candidates candidates = find_candidates(anchors, targets.unmatched);
    predict(branch, outputs, candidates);
    std::vector<Matches> matches;
    std::vector<float> quality; // of the positives in the order of assign_targets: row by row, anchors rising
    for (std::size_t n = 0; n < targets.unmatched.size(); ++n) {
        PredictedMatches found = match_predicted(anchors.size(), targets.unmatched[n].boxes.size(),
                                                 candidates.by_row[n], branch.options.matcher);
        for (std::size_t anchor = 0; anchor < anchors.size(); ++anchor) {
            if (found.matches[anchor] >= 0) quality.push_back(found.quality[anchor]);
        }
        matches.push_back(std::move(found.matches));
    }
    BranchTargets matched = assign_targets(branch, anchors, targets.unmatched, matches);
    matched.rows = targets.rows; // the caller may have counted them anew
    matched.quality = at::tensor(at::ArrayRef<float>(quality), at::kFloat);
    return matched;
}

} // namespace banyan
