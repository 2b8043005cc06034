#include "train/trunk_norm.h"

#include <utility>
#include <vector>

namespace banyan {

void prepare_trunk_norms(MultiTaskModel& model, TrunkNorm norm, const SamplingCounts& expected) {
    if (norm != TrunkNorm::dataset) return;
    std::vector<double> shares;
    for (const SampledRows& dataset : expected.datasets) shares.push_back(dataset.expected);
    const ModelOptions& options = model.options();
    model.module().separate_norms({options.backbone.name + ".", options.neck.name + "."}, std::move(shares));
}

} // namespace banyan
