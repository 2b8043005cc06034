#include "apps/judge_datasets.h"

#include <cstdint>

#include "apps/stopped.h"
#include "core/progress.h"

namespace banyan {

EvalReport judge_datasets(const Predictor& predictor, int side, const std::vector<Dataset>& datasets,
                          const ClassTable& classes, const std::string& title, CocoProblem* problem) {
    std::size_t images = 0;
    for (const Dataset& dataset : datasets) images += dataset.size();
    Progress progress(title, static_cast<std::int64_t>(images), "image");
    EvalOptions options;
    options.side = side;
    options.progress = [&](std::size_t done, std::size_t) { progress.update(static_cast<std::int64_t>(done)); };
    options.stop = [] { return stop_requested().has_value(); };
    EvalReport report = evaluate_datasets(predictor, datasets, classes, options, problem);
    stop_if_requested();
    progress.finish();
    return report;
}

} // namespace banyan
