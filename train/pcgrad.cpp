#include "train/pcgrad.h"

#include <cstddef>

namespace banyan {

std::vector<double> pcgrad_factors(const std::vector<std::vector<double>>& products, Random& random) {
    const std::size_t count = products.size();
    std::vector<double> factors(count, 0);
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<double> own(count, 0); // projected g_i = sum over k of own[k] * g_k
        own[i] = 1;
        std::vector<std::size_t> others;
        for (std::size_t j = 0; j < count; ++j) {
            if (j != i) others.push_back(j);
        }
        random.shuffle(others);
        for (const std::size_t j : others) {
            double product = 0;
            for (std::size_t k = 0; k < count; ++k) product += own[k] * products[k][j];
            if (product < 0 && products[j][j] > 0) own[j] -= product / products[j][j];
        }
        for (std::size_t k = 0; k < count; ++k) factors[k] += own[k];
    }
    return factors;
}

} // namespace banyan
