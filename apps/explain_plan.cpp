#include "apps/explain_plan.h"

#include <algorithm>
#include <iostream>
#include <vector>

#include "apps/option_values.h"
#include "apps/plan_output.h"
#include "core/atomic_file.h"
#include "graph/fuse_operators.h"
#include "graph/picture.h"

namespace banyan {

namespace {

/// Median milliseconds of each step.
std::vector<double> step_times(const Engine& engine, const std::function<void(std::vector<double>&)>& run_timed) {
    constexpr int kWarmUp = 5, kRounds = 31;
    std::vector<std::vector<double>> ms(engine.steps().size());
    for (int round = -kWarmUp; round < kRounds; ++round) {
        std::vector<double> seconds;
        run_timed(seconds);
        for (std::size_t i = 0; round >= 0 && i < ms.size(); ++i) ms[i].push_back(seconds[i] * 1e3);
    }
    std::vector<double> medians;
    for (std::vector<double>& samples : ms) {
        const auto middle = samples.begin() + kRounds / 2;
        std::nth_element(samples.begin(), middle, samples.end());
        medians.push_back(*middle);
    }
    return medians;
}

} // namespace

void explain_plan(const Engine& engine, const std::function<void(std::vector<double>& seconds)>& run_timed,
                  const Options& options) {
    if (options.count("fusion") != 0) {
        const std::string picture = fusion_svg(engine.graph(), fuse_operators(engine.graph()));
        write_file_atomically(text_option(options, "fusion"), picture);
    }
    if (options.count("plan") == 0) return;
    const std::vector<double> ms = step_times(engine, run_timed);
    std::cout << (options.count("json") != 0 ? plan_json(engine, ms) + "\n" : plan_table(engine, ms));
}

} // namespace banyan
