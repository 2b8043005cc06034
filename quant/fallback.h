#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace banyan {

/// Figures of the network with these layers in floating point and all others in 8 bits, one a task, higher is better
/// (AP in [0, 1]); below 0 where there is nothing to judge.
using FallbackJudge = std::function<std::vector<double>(const std::vector<std::string>& kept_layers)>;

/// One set of layers that was judged.
struct FallbackTry {
    std::vector<std::string> kept; ///< in the order in which they were added
    std::vector<double> figures;   ///< [tasks]
    double worst_drop = 0;         ///< of the exact figures, over the tasks that can be judged; below 0: all are better
};

struct Fallback {
    std::vector<FallbackTry> tries; ///< in order, the first one without kept layers
    std::size_t chosen = 0;         ///< index into tries
    bool is_within = false;         ///< no task of the chosen try drops by more than allowed
};

/// Looks for few layers whose floating point brings every task to within `most_drop` of the exact network.
///
/// The k most harmful layers of each task that drops too much are kept, k = 1, 2, 4, …; a task that comes to drop too
/// much on the way is added to those. From the first k that is within, bisection goes down to a smaller one. So about
/// 2 log2(layers) sets are judged. Fewer layers might do, since a ranking by noise is not one by AP; but each further
/// set that is judged on the same pictures is one more chance to pass by luck.
///
/// What is chosen was judged itself and found within, whatever the judge's noise. Should not even all layers of the
/// tasks that drop be enough (a judge with noise, or rankings without some layers), the try with the smallest worst
/// drop is chosen, of equal ones the first, and is_within is false.
///
/// @param exact    figures of the exact network, by task; tasks below 0 are left out
/// @param rankings of each task the names of the layers that reach it, the most harmful first
/// @throws CheckError another number of rankings or figures than of tasks, most_drop < 0 or not finite
Fallback find_fallback(const std::vector<double>& exact, const std::vector<std::vector<std::string>>& rankings,
                       const FallbackJudge& judge, double most_drop);

} // namespace banyan
