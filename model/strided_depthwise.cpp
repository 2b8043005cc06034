#include "model/strided_depthwise.h"

#include <array>
#include <tuple>

#include "model/libtorch.h"

namespace banyan {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class StridedDepthwise : public torch::autograd::Function<StridedDepthwise> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                              const at::Tensor& bias, std::int64_t stride, const std::vector<std::int64_t>& pad) {
        context->save_for_backward({x, weight});
        context->saved_data["stride"] = stride;
        context->saved_data["pad"] = pad;
        return at::conv2d(x, weight, bias, stride, pad, 1, x.size(1));
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const variable_list saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &weight = saved[1];
        const at::Tensor gradient = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
        const std::int64_t stride = context->saved_data["stride"].toInt(), channels = x.size(1);
        const std::vector<std::int64_t> pad = context->saved_data["pad"].toIntVector();
        const bool by_weight = context->needs_input_grad(1), by_bias = context->needs_input_grad(2);

        const auto differentiate = [&](const at::Tensor& g, const at::Tensor& input, const at::Tensor& w,
                                       std::array<bool, 3> wanted) {
            return at::convolution_backward(g, input, w, at::IntArrayRef{channels}, {stride, stride}, pad, {1, 1},
                                            false, {0, 0}, channels, wanted);
        };
        const auto [none, weight_gradient, bias_gradient] =
            differentiate(gradient, x, weight, {false, by_weight, by_bias});
        at::Tensor input_gradient;
        if (context->needs_input_grad(0)) {
            // Only the shape and the dtype of the input matter here.
            const at::Tensor like_x =
                at::empty(x.sizes(), x.options().dtype(at::kFloat), at::MemoryFormat::ChannelsLast);
            const auto wide =
                differentiate(gradient.to(at::kFloat), like_x, weight.to(at::kFloat), {true, false, false});
            input_gradient = std::get<0>(wide).to(at::kBFloat16);
        }
        return {input_gradient, weight_gradient, bias_gradient, at::Tensor(), at::Tensor()};
    }
};

} // namespace

at::Tensor strided_depthwise_bf16(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                                  std::int64_t stride, const std::vector<std::int64_t>& pad) {
    const at::Tensor shift = bias.defined() ? bias : at::zeros({x.size(1)}, x.options()); // apply wants tensors
    return StridedDepthwise::apply(x, weight, shift, stride, pad);
}

} // namespace banyan
