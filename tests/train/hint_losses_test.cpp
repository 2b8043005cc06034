#include "model/libtorch.h"
#include "train/hint_losses.h"

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "support/gradient_check.h"
#include "support/tensor_close.h"

namespace banyan {
namespace {

at::Tensor drawn(std::uint64_t seed, double scale = 1, double offset = 0) {
    torch::manual_seed(seed);
    return torch::randn({2, 3, 4, 5}, at::kDouble) * scale + offset;
}

struct Named {
    std::string name;
    std::function<at::Tensor(const at::Tensor&, const at::Tensor&)> loss;
};
const std::vector<Named>& all_losses() {
    static const std::vector<Named> losses{
        {"l2", l2_hint}, {"pearson", pearson_hint}, {"channel", [](const at::Tensor& x, const at::Tensor& y) {
                                                         return channel_hint(x, y, 1.7);
                                                     }}};
    return losses;
}

TEST(HintLosses, GradientIsThatOfTheirValues) {
    const at::Tensor teacher = drawn(2, 3, 1);
    for (const auto& [name, loss] : all_losses()) {
        SCOPED_TRACE(name);
        test::expect_gradient([&loss = loss, &teacher](const at::Tensor& x) { return loss(x, teacher); }, drawn(1));
    }
}

TEST(HintLosses, AreZeroAndFlatWhereBothAgree) {
    const at::Tensor teacher = drawn(2, 3, 1);
    for (const auto& [name, loss] : all_losses()) {
        SCOPED_TRACE(name);
        EXPECT_NEAR(loss(teacher, teacher).item<double>(), 0, 1e-12);
        const auto of = [&loss = loss, &teacher](const at::Tensor& x) { return loss(x, teacher); };
        EXPECT_LT(test::autograd_gradient(of, teacher).abs().max().item<double>(), 1e-12);
        EXPECT_GT(loss(drawn(1), teacher).item<double>(), 0.1);
    }
}

TEST(HintLosses, DoNotDependOnTheScaleOfBoth) {
    const at::Tensor x = drawn(1), y = drawn(2, 3, 1);
    for (const auto& [name, loss] : all_losses()) {
        EXPECT_NEAR(loss(x * 50, y * 50).item<double>(), loss(x, y).item<double>(), 1e-9) << name;
    }
}

TEST(L2Hint, EqualsALoop) {
    const at::Tensor x = drawn(1).flatten(), y = drawn(2, 2).flatten();
    double differences = 0, squares = 0;
    for (std::int64_t i = 0; i < x.size(0); ++i) {
        const double a = x[i].item<double>(), b = y[i].item<double>();
        differences += (a - b) * (a - b);
        squares += b * b;
    }
    EXPECT_NEAR(l2_hint(drawn(1), drawn(2, 2)).item<double>(), differences / squares, 1e-12);
}

TEST(PearsonHint, EqualsALoopOverChannels) {
    const at::Tensor x = drawn(1), y = drawn(2, 2, 5);
    double sum = 0;
    for (std::int64_t c = 0; c < x.size(1); ++c) {
        const at::Tensor a = x.select(1, c).flatten(), b = y.select(1, c).flatten();
        const double mean_a = a.mean().item<double>(), mean_b = b.mean().item<double>();
        double ab = 0, aa = 0, bb = 0;
        for (std::int64_t i = 0; i < a.size(0); ++i) {
            const double da = a[i].item<double>() - mean_a, db = b[i].item<double>() - mean_b;
            ab += da * db;
            aa += da * da;
            bb += db * db;
        }
        sum += 1 - ab / std::sqrt(aa * bb);
    }
    EXPECT_NEAR(pearson_hint(x, y).item<double>(), sum / 3, 1e-12);
}

TEST(PearsonHint, IgnoresScaleAndOffsetOfEachChannel) {
    const at::Tensor y = drawn(2), scale = torch::rand({1, 3, 1, 1}, at::kDouble) + 0.5;
    EXPECT_NEAR(pearson_hint(y * scale + 7, y).item<double>(), 0, 1e-12);
    EXPECT_NEAR(pearson_hint(-y, y).item<double>(), 2, 1e-12);
}

TEST(PearsonHint, AConstantChannelTellsNothing) {
    at::Tensor teacher = drawn(2);
    teacher.select(1, 0).fill_(3);
    const auto of = [&](const at::Tensor& x) { return pearson_hint(x, teacher); };
    EXPECT_NEAR(of(teacher).item<double>(), 1.0 / 3, 1e-12);
    for (const at::Tensor& x : {drawn(1), at::zeros_like(teacher)}) {
        const at::Tensor gradient = test::autograd_gradient(of, x);
        EXPECT_TRUE(at::isfinite(gradient).all().item<bool>());
        EXPECT_EQ(gradient.select(1, 0).abs().max().item<double>(), 0);
    }
}

TEST(ChannelHint, EqualsALoopOverPixels) {
    constexpr double kTemperature = 1.7;
    const at::Tensor x = drawn(1), y = drawn(2, 2, 5);
    const double scale = kTemperature * std::sqrt((y - y.mean()).square().mean().item<double>());
    double sum = 0;
    for (std::int64_t n = 0; n < 2; ++n) {
        for (std::int64_t c = 0; c < 3; ++c) {
            const at::Tensor a = x[n][c].flatten() / scale, b = y[n][c].flatten() / scale;
            const double sum_a = a.exp().sum().item<double>(), sum_b = b.exp().sum().item<double>();
            for (std::int64_t i = 0; i < a.size(0); ++i) {
                const double p = std::exp(a[i].item<double>()) / sum_a, q = std::exp(b[i].item<double>()) / sum_b;
                sum += q * std::log(q / p);
            }
        }
    }
    EXPECT_NEAR(channel_hint(x, y, kTemperature).item<double>(), kTemperature * kTemperature * sum / 6, 1e-12);
}

TEST(ChannelHint, MatchesCentredMapsAtHighTemperatures) {
    const at::Tensor x = drawn(1), y = drawn(2, 2, 5);
    const at::Tensor difference = ((x - y) / y.std(false)).flatten(2);
    const double variance = (difference - difference.mean(2, true)).square().mean(2).mean().item<double>();
    EXPECT_NEAR(channel_hint(x, y, 1e4).item<double>(), variance / 2, 1e-3 * variance);
}

TEST(HintLosses, AreChosenByKindAndWeighted) {
    const at::Tensor x = drawn(1), y = drawn(2);
    HintOptions options;
    options.weight = 3;
    options.temperature = 2;
    EXPECT_NEAR(hint_loss(options, x, y).item<double>(), 3 * pearson_hint(x, y).item<double>(), 1e-12);
    options.kind = HintKind::l2;
    EXPECT_NEAR(hint_loss(options, x, y).item<double>(), 3 * l2_hint(x, y).item<double>(), 1e-12);
    options.kind = HintKind::channel;
    EXPECT_NEAR(hint_loss(options, x, y).item<double>(), 3 * channel_hint(x, y, 2).item<double>(), 1e-12);
    expect_error<CheckError>([&] { hint_loss(options, x, y.narrow(1, 0, 2)); }, {"one shape"});
}

} // namespace
} // namespace banyan
