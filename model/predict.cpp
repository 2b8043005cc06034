#include "model/predict.h"

#include <algorithm>

#include "model/autocast.h"
#include "model/libtorch.h"

namespace banyan {

namespace {

/// [N, C, H, W] -> float32 [N, H, W, C], contiguous on the CPU: what decode reads.
at::Tensor to_n_h_w_c(const at::Tensor& value) {
    return value.to(at::kCPU, at::kFloat).permute({0, 2, 3, 1}).contiguous();
}

struct BranchMaps {
    std::vector<at::Tensor> classes, boxes; // one a level, [N, H, W, A*K] and [N, H, W, A*C], C of box_channels
};

std::vector<ScoredBox> decode_image(const BranchMaps& maps, const AnchorSet& anchors, const Branch& branch,
                                    std::int64_t image, const PredictOptions& options) {
    std::vector<RawLevel> levels;
    for (std::size_t l = 0; l < maps.classes.size(); ++l) {
        levels.push_back(
            {maps.classes[l][image].const_data_ptr<float>(), maps.boxes[l][image].const_data_ptr<float>()});
    }
    return branch_boxes(branch, anchors, levels, options);
}

} // namespace

Predictions predict(MultiTaskModel& model, const at::Tensor& pixels, const PredictOptions& options) {
    const torch::NoGradGuard no_grad;
    RunRequest request;
    request.given[model.module().graph().input] = model.normalise(pixels);
    for (const Branch& branch : model.branches()) {
        request.targets.insert(request.targets.end(), branch.class_values.begin(), branch.class_values.end());
        request.targets.insert(request.targets.end(), branch.box_values.begin(), branch.box_values.end());
    }
    std::map<ValueId, at::Tensor> values;
    {
        const Bf16Autocast autocast(options.bf16, model.module().options().device.is_cuda());
        values = model.module().run(request);
    }
    Predictions predictions(static_cast<std::size_t>(pixels.size(0)));
    for (const Branch& branch : model.branches()) {
        BranchMaps maps;
        for (const ValueId value : branch.class_values) maps.classes.push_back(to_n_h_w_c(values.at(value)));
        for (const ValueId value : branch.box_values) maps.boxes.push_back(to_n_h_w_c(values.at(value)));
        const AnchorSet anchors =
            make_anchors(branch.options.anchors, static_cast<int>(pixels.size(1)), static_cast<int>(pixels.size(2)));
        for (std::size_t image = 0; image < predictions.size(); ++image) {
            const std::vector<ScoredBox> boxes =
                decode_image(maps, anchors, branch, static_cast<std::int64_t>(image), options);
            predictions[image].insert(predictions[image].end(), boxes.begin(), boxes.end());
        }
    }
    for (std::vector<ScoredBox>& boxes : predictions) {
        std::stable_sort(boxes.begin(), boxes.end(),
                         [](const ScoredBox& a, const ScoredBox& b) { return a.score > b.score; });
    }
    return predictions;
}

} // namespace banyan
