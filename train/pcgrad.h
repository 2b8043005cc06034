#pragma once

#include <vector>

#include "core/random.h"

namespace banyan {

/// PCGrad ("Gradient Surgery for Multi-Task Learning", arXiv:2001.06782, algorithm 1) told by inner products alone:
/// every gradient g_i is projected, one after the other in random order, onto the normal planes of those others that it
/// opposes, and the results are added. Returns c with  sum over b of c[b] * g_b = sum over i of projected g_i.
/// @param products [b][c] = g_b . g_c of the present branches
/// @param random   draws the orders; the caller makes it of (seed, step)
std::vector<double> pcgrad_factors(const std::vector<std::vector<double>>& products, Random& random);

} // namespace banyan
