#include "train/distillation_losses.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/error.h"
#include "model/libtorch.h"
#include "support/expect_error.h"
#include "support/gradient_check.h"

namespace banyan {
namespace {

using test::autograd_gradient;
using test::expect_gradient;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double divergence(double q, double p) { return q * std::log(q / p) + (1 - q) * std::log((1 - q) / (1 - p)); }

class ResponseLoss : public testing::Test {
protected:
    ResponseLoss() {
        torch::manual_seed(3);
        ours_ = torch::randn({2, 5, 3}, at::kDouble) * 2;
        teacher_ = torch::randn({2, 5, 3}, at::kDouble) * 2;
        weight_ = torch::rand({2, 5, 3}, at::kDouble);
        weight_[0][1] = 0;
    }
    at::Tensor ours_, teacher_, weight_;
};

TEST_F(ResponseLoss, EqualsALoopOverTerms) {
    for (const double temperature : {1.0, 2.5}) {
        for (const double focus : {0.0, 1.0, 1.7}) {
            double sum = 0;
            for (std::int64_t i = 0; i < ours_.numel(); ++i) {
                const double x = ours_.view({-1})[i].item<double>(), y = teacher_.view({-1})[i].item<double>();
                const double surer = std::max(sigmoid(x), sigmoid(y));
                sum += weight_.view({-1})[i].item<double>() * std::pow(surer, focus) * temperature * temperature *
                       divergence(sigmoid(y / temperature), sigmoid(x / temperature));
            }
            EXPECT_NEAR(response_loss(ours_, teacher_, weight_, temperature, focus).item<double>(), sum, 1e-9);
        }
    }
}

TEST_F(ResponseLoss, GradientIsThatOfItsValues) {
    expect_gradient([&](const at::Tensor& x) { return response_loss(x, teacher_, weight_, 2, 0); }, ours_);
    const at::Tensor surer = at::maximum(ours_, teacher_).sigmoid().square(); // a constant for the gradient
    expect_close(
        autograd_gradient([&](const at::Tensor& x) { return response_loss(x, teacher_, weight_, 2, 2); }, ours_),
        test::numeric_gradient([&](const at::Tensor& x) { return response_loss(x, teacher_, weight_ * surer, 2, 0); },
                               ours_),
        {0, 1e-5});
}

TEST_F(ResponseLoss, IsLeastAndFlatWhereBothAgree) {
    for (const double temperature : {1.0, 4.0}) {
        const auto loss = [&](const at::Tensor& x) { return response_loss(x, teacher_, weight_, temperature, 1); };
        EXPECT_NEAR(loss(teacher_).item<double>(), 0, 1e-12);
        expect_close(autograd_gradient(loss, teacher_), at::zeros_like(teacher_), {0, 1e-14});
        EXPECT_GT(loss(teacher_ + 0.01).item<double>(), 1e-8);
    }
}

TEST_F(ResponseLoss, MatchesLogitsAtHighTemperatures) {
    const at::Tensor limit = (weight_ * (ours_ - teacher_).square()).sum() / 8;
    EXPECT_NEAR(response_loss(ours_, teacher_, weight_, 1000, 0).item<double>(), limit.item<double>(), 1e-4);
}

TEST_F(ResponseLoss, LeavesTermsOfNoWeightAlone) {
    const at::Tensor gradient =
        autograd_gradient([&](const at::Tensor& x) { return response_loss(x, teacher_, weight_, 1, 1); }, ours_);
    expect_close(gradient[0][1], at::zeros({3}, at::kDouble));
    EXPECT_GT(gradient[0][0].abs().max().item<double>(), 0);
}

TEST_F(ResponseLoss, BackgroundThatBothSeeDrownsNothing) {
    const at::Tensor ours = at::full({100'000}, -6.0, at::kDouble), teacher = at::full({100'000}, -5.0, at::kDouble);
    const at::Tensor weight = at::ones({100'000}, at::kDouble);
    const at::Tensor object = at::full({1}, 3.0, at::kDouble), missed = at::full({1}, -2.0, at::kDouble);
    const double background = response_loss(ours, teacher, weight, 1, 1).item<double>();
    EXPECT_LT(background, 2 * response_loss(missed, object, at::ones({1}, at::kDouble), 1, 1).item<double>());
    EXPECT_GT(response_loss(ours, teacher, weight, 1, 0).item<double>(), 50 * background);
}

TEST_F(ResponseLoss, RefusesOtherShapes) {
    expect_error<CheckError>([&] { response_loss(ours_, teacher_[0], weight_, 1, 1); }, {"one shape"});
    expect_error<CheckError>([&] { response_loss(ours_, teacher_, weight_, 0, 1); }, {"temperature"});
}

TEST(BinDivergence, EqualsALoopOverSides) {
    torch::manual_seed(4);
    const at::Tensor ours = torch::randn({2, 4, 6}, at::kDouble), teacher = torch::randn({2, 4, 6}, at::kDouble);
    const double temperature = 3;
    for (std::int64_t p = 0; p < 2; ++p) {
        double sum = 0;
        for (std::int64_t side = 0; side < 4; ++side) {
            const at::Tensor q = (teacher[p][side] / temperature).softmax(0),
                             s = (ours[p][side] / temperature).softmax(0);
            for (std::int64_t b = 0; b < 6; ++b) {
                sum += q[b].item<double>() * std::log(q[b].item<double>() / s[b].item<double>());
            }
        }
        EXPECT_NEAR(bin_divergence(ours, teacher, temperature)[p].item<double>(), sum / 4 * 9, 1e-9);
    }
}

TEST(BinDivergence, GradientIsThatOfItsValues) {
    torch::manual_seed(5);
    const at::Tensor ours = torch::randn({3, 4, 5}, at::kDouble), teacher = torch::randn({3, 4, 5}, at::kDouble);
    const auto loss = [&](const at::Tensor& x) { return bin_divergence(x, teacher, 2).sum(); };
    expect_gradient(loss, ours);
    EXPECT_NEAR(loss(teacher).item<double>(), 0, 1e-12);
    expect_close(autograd_gradient(loss, teacher), at::zeros_like(teacher), {0, 1e-14});
    expect_error<CheckError>([&] { bin_divergence(ours[0], teacher[0], 1); }, {"[P, 4, B]"});
}

} // namespace
} // namespace banyan
