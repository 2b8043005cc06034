#include "train/gradient_set.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "support/tensor_close.h"

namespace banyan {
namespace {

at::Tensor leaf(std::vector<double> values) {
    return at::tensor(at::ArrayRef<double>(values), at::kDouble).requires_grad_(true);
}

/// Two losses on three parameters: both reach a, only the second b, none c.
struct Small {
    at::Tensor a = leaf({1, 2}), b = leaf({3}), c = leaf({4, 5});
    at::Tensor first = (a * a).sum();            // gradient (2, 4)
    at::Tensor second = (a * b).sum() + b.sum(); // gradients (3, 3) and (4)
    std::vector<at::Tensor> parameters{a, b, c};
};

TEST(GradientSet, GivesInnerProductsAndCombinations) {
    const Small small;
    const GradientSet set({small.first, small.second}, small.parameters);
    const std::vector<std::vector<double>> products = set.inner_products();
    EXPECT_EQ(products, (std::vector<std::vector<double>>{{20, 18}, {18, 34}}));
    const std::vector<at::Tensor> sum = set.combine({0.5, 2});
    test::expect_close(sum[0], at::tensor({7.0, 8.0}, at::kDouble));
    test::expect_close(sum[1], at::tensor({8.0}, at::kDouble));
    EXPECT_FALSE(sum[2].defined()); // nothing reaches it: it stays without a gradient
}

TEST(GradientSet, LeavesGradientsAndGraphAsTheyAre) {
    const Small small;
    const GradientSet set({small.first, small.second}, small.parameters);
    for (const at::Tensor& parameter : small.parameters) EXPECT_FALSE(parameter.grad().defined());
    (small.first + small.second).backward(); // the graph is still there
    test::expect_close(small.a.grad(), at::tensor({5.0, 7.0}, at::kDouble));
}

TEST(GradientSet, KeepsShapesWhateverTheMemoryOrder) {
    const at::Tensor weight = at::arange(24, at::kDouble)
                                  .reshape({1, 2, 3, 4})
                                  .contiguous(at::MemoryFormat::ChannelsLast)
                                  .requires_grad_(true);
    const at::Tensor factors = at::arange(24, at::kDouble).reshape({1, 2, 3, 4}) + 1;
    const GradientSet set({(weight * factors).sum()}, {weight});
    test::expect_close(set.combine({1})[0], factors);
}

TEST(GradientSet, RefusesAnotherNumberOfFactors) {
    const Small small;
    const GradientSet set({small.first}, small.parameters);
    expect_error<CheckError>([&] { set.combine({1, 2}); }, {"2 factors", "1 losses"});
    expect_error<CheckError>([&] { GradientSet({}, small.parameters); }, {"expected losses"});
}

} // namespace
} // namespace banyan
