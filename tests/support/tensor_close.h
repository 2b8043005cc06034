#pragma once

#include <string>

#include <gtest/gtest.h>

#include "model/libtorch.h"

namespace banyan::test {

struct Tolerance {
    double rtol = 0;
    double atol = 0;
};

/// Expects equal shapes and |actual - expected| <= atol + rtol * |expected| everywhere; reports the shape, the worst
/// place and both values there.
inline void expect_close(const at::Tensor& actual, const at::Tensor& expected, const Tolerance& tolerance = {}) {
    ASSERT_TRUE(actual.defined() && expected.defined());
    ASSERT_EQ(actual.sizes(), expected.sizes());
    if (actual.numel() == 0) return;
    const at::Tensor a = actual.detach().to(at::kDouble).flatten(), e = expected.detach().to(at::kDouble).flatten();
    const at::Tensor excess = (a - e).abs() - (e.abs() * tolerance.rtol + tolerance.atol);
    const at::Tensor worst = excess.nan_to_num(1e300).argmax();
    const auto at_worst = [&](const at::Tensor& t) { return t[worst.item<std::int64_t>()].item<double>(); };
    EXPECT_LE(at_worst(excess), 0) << "shape " << actual.sizes() << ", worst at flat index "
                                   << worst.item<std::int64_t>() << ": " << at_worst(a) << " instead of "
                                   << at_worst(e);
}

} // namespace banyan::test

namespace banyan {
using test::expect_close;
} // namespace banyan
