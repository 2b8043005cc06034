#include "combine/channel_choice.h"

#include <limits>

#include <gtest/gtest.h>

#include "model/libtorch.h"
#include "support/tensor_close.h"

namespace banyan::test {
namespace {

constexpr double kRidge = 1e-9;

at::Tensor doubles(at::IntArrayRef shape) { return torch::randn(shape, at::kDouble); }

Moments moments(const at::Tensor& x, const at::Tensor& y) {
    Moments result;
    result.add(x, y, at::ones({x.size(0)}, at::kDouble));
    return result;
}

TEST(Moments, SolveTheWeightedProblem) {
    torch::manual_seed(1);
    const at::Tensor x = doubles({50, 4}), weight = torch::rand({50}, at::kDouble), y = doubles({50, 3});
    Moments sums;
    sums.add(x.slice(0, 0, 20), y.slice(0, 0, 20), weight.slice(0, 0, 20));
    sums.add(x.slice(0, 20), y.slice(0, 20), weight.slice(0, 20));
    const at::Tensor rows = at::cat({x, at::ones({50, 1}, at::kDouble)}, 1), root = weight.sqrt().unsqueeze(1);
    const at::Tensor expected = std::get<0>(at::linalg_lstsq(rows * root, y * root));
    const at::Tensor solution = sums.solve(0);
    expect_close(solution, expected, {1e-9, 1e-9});
    const at::Tensor errors = ((at::matmul(rows, expected) - y).square() * weight.unsqueeze(1)).sum(0);
    expect_close(sums.errors(solution), errors, {1e-9, 1e-9});
    const at::Tensor mean = (y * weight.unsqueeze(1)).sum(0) / weight.sum();
    expect_close(sums.scatter(), ((y - mean).square() * weight.unsqueeze(1)).sum(0), {1e-9, 1e-9});
}

TEST(Moments, OfSomeFeaturesAreThoseWithoutTheOthers) {
    torch::manual_seed(2);
    const at::Tensor x = doubles({40, 5}), y = doubles({40, 2}), some = at::tensor({1, 4}, at::kLong);
    const Moments part = moments(x, y).of_features(some);
    expect_close(part.solve(0), moments(x.index_select(1, some), y).solve(0), {1e-9, 1e-9});
}

TEST(KeptChannels, DropsCopiesAndWhatNobodyReads) {
    torch::manual_seed(3);
    const at::Tensor own = doubles({200, 3}), noise = doubles({200, 1});
    const at::Tensor x = at::cat({own, own.slice(1, 1, 2) * -2 + 1, noise}, 1); // 3 copies 1, 4 is read by nobody
    const at::Tensor y = at::matmul(own, doubles({3, 4}));
    const at::Tensor kept = kept_channels({moments(x, y)}, 1, 3, kRidge);
    ASSERT_EQ(kept.numel(), 3);
    EXPECT_EQ(kept[0].item<int>(), 0);
    const int copy = kept[1].item<int>() == 2 ? kept[2].item<int>() : kept[1].item<int>();
    EXPECT_TRUE(copy == 1 || copy == 3) << kept;
    EXPECT_FALSE((kept == 4).any().item<bool>()) << kept;
}

/// Errors of the best linear reading from some of the channels.
double error_with(const Moments& all, const at::Tensor& channels) {
    const Moments part = all.of_features(channels);
    return part.errors(part.solve(kRidge)).sum().item<double>();
}

TEST(KeptChannels, DropsInEachStepWhatRaisesTheErrorLeast) {
    torch::manual_seed(4);
    const at::Tensor mixing = doubles({8, 8}), x = at::matmul(doubles({100, 8}), mixing), y = doubles({100, 5});
    const Moments all = moments(x, at::matmul(x.relu(), doubles({8, 5})) + y * 0.1);
    std::vector<std::int64_t> left{0, 1, 2, 3, 4, 5, 6, 7};
    while (left.size() > 3) { // the same by solving anew without each
        std::size_t best = 0;
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i < left.size(); ++i) {
            std::vector<std::int64_t> without = left;
            without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
            const double error = error_with(all, at::tensor(without, at::kLong));
            if (error >= least) continue;
            least = error;
            best = i;
        }
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
        const auto keep = static_cast<std::int64_t>(left.size());
        EXPECT_TRUE(at::equal(kept_channels({all}, 1, keep, kRidge), at::tensor(left, at::kLong))) << keep;
    }
}

TEST(KeptChannels, TakesBlocksOfFeaturesTogether) {
    torch::manual_seed(5);
    const at::Tensor x = doubles({300, 4 * 9});
    const at::Tensor y = at::matmul(x.slice(1, 9, 27), doubles({18, 6}));
    EXPECT_TRUE(at::equal(kept_channels({moments(x, y)}, 9, 2, kRidge), at::tensor({1, 2}, at::kLong)));
}

TEST(JoinOfMatched, FindsAPermutation) {
    torch::manual_seed(6);
    const at::Tensor first = doubles({80, 4}), order = at::tensor({2, 0, 3, 1}, at::kLong);
    const at::Tensor second = first.index_select(1, order) * 3 + 0.1 * doubles({80, 4});
    const at::Tensor join = join_of_matched({first, second}, at::ones({80}));
    ASSERT_EQ(join.sizes(), (std::vector<std::int64_t>{4, 8}));
    for (std::int64_t c = 0; c < 4; ++c) {
        EXPECT_EQ(join[c][c].item<double>(), 0.5);
        const auto place = (order == c).nonzero().item<std::int64_t>();
        EXPECT_EQ(join[c][4 + place].item<double>(), 0.5) << c;
    }
    EXPECT_EQ(join.sum().item<double>(), 4);
}

} // namespace
} // namespace banyan::test
