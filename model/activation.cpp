#include "model/activation.h"

#include "model/libtorch.h"

namespace banyan {

namespace {

/// min(max(x, 0), 6) in place. ATen's own keeps a copy of the input for the gradient; where the result lies strictly
/// between 0 and 6 it equals the input, so the result will do.
class Relu6InPlace : public torch::autograd::Function<Relu6InPlace> {
public:
    static at::Tensor forward(torch::autograd::AutogradContext* context, at::Tensor x) {
        at::hardtanh_(x, 0, 6);
        context->mark_dirty({x});
        context->save_for_backward({x});
        return x;
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradients) {
        return {at::hardtanh_backward(gradients[0], context->get_saved_variables()[0], 0, 6)};
    }
};

} // namespace

at::Tensor activate(const at::Tensor& x, Activation kind) {
    switch (kind) {
    case Activation::relu: return at::relu(x);
    case Activation::relu6: return at::hardtanh(x, 0, 6);
    case Activation::silu: return at::silu(x);
    case Activation::hard_swish: return at::hardswish(x);
    case Activation::sigmoid: return at::sigmoid(x);
    case Activation::none: break;
    }
    return x;
}

at::Tensor activate_in_place(at::Tensor x, Activation kind) {
    const bool needs_gradient = at::GradMode::is_enabled() && x.requires_grad();
    if (x.is_view()) return activate(x, kind);
    switch (kind) {
    case Activation::relu: return at::relu_(x);
    case Activation::relu6: return needs_gradient ? Relu6InPlace::apply(x) : at::hardtanh_(x, 0, 6);
    case Activation::silu: return needs_gradient ? at::silu(x) : at::silu_(x);
    case Activation::hard_swish: return needs_gradient ? at::hardswish(x) : at::hardswish_(x);
    case Activation::sigmoid: return at::sigmoid_(x);
    case Activation::none: break;
    }
    return x;
}

} // namespace banyan
