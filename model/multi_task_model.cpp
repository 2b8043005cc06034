#include "model/multi_task_model.h"

#include <algorithm>
#include <array>

#include <ATen/Functions.h>

#include "core/check.h"
#include "graph/builder.h"
#include "heads/head.h"

namespace banyan {

MultiTaskModel::MultiTaskModel(ModelOptions options, const GraphModuleOptions& module_options)
    : MultiTaskModel(options, build_graph(options), module_options) {}

MultiTaskModel::MultiTaskModel(ModelOptions options, Graph graph, const GraphModuleOptions& module_options)
    : options_(std::move(options)), classes_(options_.tasks), module_(std::move(graph), module_options),
      branches_(find_branches(options_, classes_, module_.graph())) {}

const Branch& MultiTaskModel::branch(const std::string& name) const {
    for (const Branch& branch : branches_) {
        if (branch.name == name) return branch;
    }
    throw CheckError("no branch \"" + name + "\" in this model");
}

at::Tensor MultiTaskModel::normalise(const at::Tensor& pixels) const {
    BANYAN_CHECK(pixels.dim() == 4 && pixels.size(3) == 3 && pixels.scalar_type() == at::kByte,
                 "normalise: expected uint8 [N, H, W, 3]");
    const Preprocessing& preprocessing = options_.preprocessing;
    const at::ScalarType dtype = module_.options().dtype;
    std::array<double, 3> scale{}, shift{};
    for (std::size_t c = 0; c < 3; ++c) {
        scale[c] = 1.0 / preprocessing.std[c];
        shift[c] = -preprocessing.mean[c] / preprocessing.std[c];
    }
    const auto options = at::TensorOptions().dtype(dtype).device(module_.options().device);
    const at::Tensor scales = at::tensor(at::ArrayRef<double>(scale), at::kDouble).to(options);
    const at::Tensor shifts = at::tensor(at::ArrayRef<double>(shift), at::kDouble).to(options);
    // [N, H, W, 3] -> [N, 3, H, W]; the memory stays NHWC, which is channels-last.
    at::Tensor images = at::addcmul(shifts, pixels.to(options), scales).permute({0, 3, 1, 2});
    return module_.options().channels_last ? images : images.contiguous();
}

} // namespace banyan
