#include "train/pcgrad.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

namespace banyan {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

std::vector<Vector> products_of(const std::vector<Vector>& gradients) {
    std::vector<Vector> products;
    for (const Vector& a : gradients) {
        products.emplace_back();
        for (const Vector& b : gradients) products.back().push_back(dot(a, b));
    }
    return products;
}

Vector combine(const std::vector<Vector>& gradients, const Vector& factors) {
    Vector sum(gradients.front().size(), 0);
    for (std::size_t b = 0; b < gradients.size(); ++b) {
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += factors[b] * gradients[b][i];
    }
    return sum;
}

/// The paper's algorithm 1 on the vectors themselves.
Vector plain_pcgrad(const std::vector<Vector>& gradients, Random random) {
    Vector sum(gradients.front().size(), 0);
    for (std::size_t i = 0; i < gradients.size(); ++i) {
        Vector own = gradients[i];
        std::vector<std::size_t> others;
        for (std::size_t j = 0; j < gradients.size(); ++j) {
            if (j != i) others.push_back(j);
        }
        random.shuffle(others);
        for (const std::size_t j : others) {
            const double product = dot(own, gradients[j]);
            if (product >= 0) continue;
            const double share = product / dot(gradients[j], gradients[j]);
            for (std::size_t k = 0; k < own.size(); ++k) own[k] -= share * gradients[j][k];
        }
        for (std::size_t k = 0; k < own.size(); ++k) sum[k] += own[k];
    }
    return sum;
}

TEST(PcgradFactors, ProjectTwoOpposedGradients) {
    // g1 = (1, 0), g2 = (-1, 1): g1.g2 = -1. g1' = (1,0) + (1/2)(-1,1) = (1/2, 1/2); g2' = (-1,1) + (1,0) = (0, 1).
    const std::vector<Vector> gradients{{1, 0}, {-1, 1}};
    Random random(1);
    const Vector factors = pcgrad_factors(products_of(gradients), random);
    EXPECT_EQ(factors, (Vector{2, 1.5}));
    EXPECT_EQ(combine(gradients, factors), (Vector{0.5, 1.5}));
}

TEST(PcgradFactors, LeaveAgreeingGradientsAsTheyAre) {
    Random random(1);
    EXPECT_EQ(pcgrad_factors(products_of({{1, 0, 2}, {0, 1, 1}, {1, 1, 0}}), random), (Vector{1, 1, 1}));
    EXPECT_EQ(pcgrad_factors({{4}}, random), Vector{1}); // one branch alone
}

TEST(PcgradFactors, ABranchWithoutAGradientChangesNothing) {
    Random random(1), same(1);
    const Vector factors = pcgrad_factors(products_of({{1, 0}, {0, 0}, {-1, 1}}), random);
    EXPECT_EQ(combine({{1, 0}, {0, 0}, {-1, 1}}, factors), (Vector{0.5, 1.5}));
}

TEST(PcgradFactors, EqualTheAlgorithmOnVectors) {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        Random draw(seed, 1);
        std::vector<Vector> gradients(static_cast<std::size_t>(draw.integer(2, 6)));
        for (Vector& gradient : gradients) {
            for (int i = 0; i < 8; ++i) gradient.push_back(draw.normal());
        }
        Random random(seed, 2);
        const Vector expected = plain_pcgrad(gradients, random);
        const Vector actual = combine(gradients, pcgrad_factors(products_of(gradients), random));
        for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-9) << "seed " << seed;
    }
}

TEST(PcgradFactors, TheOrderMatters) {
    const std::vector<Vector> gradients{{1, 0, 0}, {-1, 0.5, 0}, {-1, -2, 1}};
    bool differ = false;
    Random first(0);
    const Vector reference = pcgrad_factors(products_of(gradients), first);
    for (std::uint64_t seed = 1; seed < 20; ++seed) {
        Random random(seed);
        differ = differ || pcgrad_factors(products_of(gradients), random) != reference;
    }
    EXPECT_TRUE(differ);
}

} // namespace
} // namespace banyan
