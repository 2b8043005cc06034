#include "model/group_norm.h"

#include <tuple>

#include "model/libtorch.h"

namespace banyan {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// In the memory order that the kernels want for this input.
at::Tensor ordered(const at::Tensor& tensor, const at::Tensor& x) {
    return tensor.contiguous(x.device().is_cpu() ? x.suggest_memory_format() : at::MemoryFormat::Contiguous);
}

class GroupNorm : public torch::autograd::Function<GroupNorm> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& given, const at::Tensor& weight,
                              const at::Tensor& bias, std::int64_t groups, double eps) {
        const at::Tensor x = ordered(given, given);
        const auto [y, mean, inverse_std] =
            at::native_group_norm(x, weight, bias, x.size(0), x.size(1), x.size(2) * x.size(3), groups, eps);
        context->save_for_backward({x, weight, mean, inverse_std});
        context->saved_data["groups"] = groups;
        return y;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const variable_list saved = context->get_saved_variables();
        const at::Tensor& x = saved[0];
        const auto [by_x, by_weight, by_bias] = at::native_group_norm_backward(
            ordered(gradients[0], x), x, saved[2], saved[3], saved[1], x.size(0), x.size(1), x.size(2) * x.size(3),
            context->saved_data["groups"].toInt(), {true, true, true});
        return {by_x, by_weight, by_bias, at::Tensor(), at::Tensor()};
    }
};

} // namespace

at::Tensor group_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, std::int64_t groups,
                      double eps) {
    return GroupNorm::apply(x, weight, bias, groups, eps);
}

} // namespace banyan
