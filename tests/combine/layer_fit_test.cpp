#include "combine/layer_fit.h"

#include <gtest/gtest.h>

#include "combine/calibration_cells.h"
#include "model/libtorch.h"
#include "support/tensor_close.h"

namespace banyan::test {
namespace {

at::Tensor doubles(at::IntArrayRef shape) { return torch::randn(shape, at::kDouble); }

at::Tensor all_cells(const at::Tensor& value) {
    return at::arange(value.size(0) * value.size(2) * value.size(3), at::kLong);
}

struct Scene {
    at::Tensor input = doubles({2, 4, 6, 5});
    at::Tensor cells = all_cells(input);
    at::Tensor patches = patches_at(input, cells);
    at::Tensor ones = at::ones({cells.numel()}, at::kDouble);

    at::Tensor convolved(const at::Tensor& weight, std::int64_t groups = 1) const {
        return at::conv2d(input, weight, {}, 1, 1, 1, groups);
    }
    ColumnTargets targets(const at::Tensor& value, const std::vector<std::int64_t>& columns) const {
        ColumnTargets result{at::tensor(columns, at::kLong), {}};
        result.moments.add(patches, rows_at(value, cells).index_select(1, result.columns), ones);
        return result;
    }
};

TEST(PatchesAt, AreWhatAConvolutionSees) {
    torch::manual_seed(1);
    const Scene scene;
    const at::Tensor weight = doubles({3, 4, 3, 3});
    const at::Tensor some = at::tensor({0, 4, 7, 29, 30, 59}, at::kLong);
    expect_close(at::matmul(patches_at(scene.input, some), weight.flatten(1).t()),
                 rows_at(scene.convolved(weight), some), {1e-12, 1e-12});
}

TEST(ChooseCells, TakesTheSureOnesAndCountsForAll) {
    torch::manual_seed(2);
    const at::Tensor scores = torch::rand({2, 10, 10});
    const LevelCells cells = choose_cells(scores, 40);
    ASSERT_EQ(cells.index.numel(), 40);
    EXPECT_NEAR(cells.count.sum().item<double>(), 200, 1e-3);
    EXPECT_TRUE((cells.index.diff() > 0).all().item<bool>());
    const at::Tensor best = std::get<1>(scores.flatten().topk(20));
    EXPECT_TRUE(at::isin(best, cells.index).all().item<bool>());
    EXPECT_EQ(choose_cells(scores, 200).index.numel(), 200);
}

TEST(FitFullLayer, FindsTheLayerThatMadeItsTargets) {
    torch::manual_seed(3);
    Scene scene;
    scene.input = doubles({3, 2, 8, 8});
    scene.cells = all_cells(scene.input);
    scene.patches = patches_at(scene.input, scene.cells);
    scene.ones = at::ones({scene.cells.numel()}, at::kDouble);
    const at::Tensor weight = doubles({3, 2, 3, 3}), value = scene.convolved(weight) + 5; // the constant is the norm's
    const LayerWeights found = fit_full_layer({scene.targets(value, {2}), scene.targets(value, {0, 1})}, 2, {1e-12, 0});
    expect_close(found.weight, weight, {1e-6, 1e-6});
}

TEST(FitSeparableLayer, FindsALayerThatGivesTheSame) {
    torch::manual_seed(4);
    const Scene scene;
    const at::Tensor filters = doubles({4, 1, 3, 3}), mixture = doubles({6, 4, 1, 1});
    const at::Tensor value = at::conv2d(scene.convolved(filters, 4), mixture);
    const at::Tensor start = filters.view({4, 9}) + 0.3 * doubles({4, 9});
    const LayerWeights found =
        fit_separable_layer({scene.targets(value, {0, 2, 4}), scene.targets(value, {1, 3, 5})}, start, {1e-10, 200});
    const at::Tensor again = at::conv2d(scene.convolved(found.depthwise, 4), found.weight);
    EXPECT_LT(((again - value).square().mean() / value.square().mean()).item<double>(), 1e-4);
}

TEST(FitSeparableLayer, EveryRoundLowersTheError) {
    torch::manual_seed(5);
    const Scene scene;
    const at::Tensor value = scene.convolved(doubles({6, 4, 3, 3})), start = doubles({4, 9});
    double before = std::numeric_limits<double>::infinity();
    for (const int rounds : {0, 1, 2, 5, 20}) {
        const std::vector<ColumnTargets> targets{scene.targets(value, {0, 1, 2, 3, 4, 5})};
        const LayerWeights found = fit_separable_layer(targets, start, {1e-10, rounds});
        const at::Tensor rest = at::conv2d(scene.convolved(found.depthwise, 4), found.weight) - value;
        const double error = (rest - rest.mean({0, 2, 3}, true))
                                 .square()
                                 .mean({0, 2, 3})
                                 .div(targets[0].moments.scatter())
                                 .sum()
                                 .item<double>();
        EXPECT_LT(error, before * (1 + 1e-6)) << rounds;
        before = error;
    }
}

} // namespace
} // namespace banyan::test
