#include "combine/task_batches.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/random.h"
#include "data/label_selection.h"
#include "data/sampling_counts.h"

namespace banyan {

namespace {

constexpr std::uint64_t kProbeStream = std::uint64_t{101} << 32; // apart from PCGrad's and the loader's

bool labels_any(const std::vector<LabelState>& states, const std::vector<int>& classes) {
    return std::any_of(classes.begin(), classes.end(),
                       [&](int id) { return states.at(static_cast<std::size_t>(id)) != LabelState::unknown; });
}

} // namespace

TaskBatches::TaskBatches(const RunConfig& config, const std::vector<Dataset>& datasets, std::size_t task, int rows)
    : options_(config.loader), transforms_(config.transforms) {
    const ClassTable table(config.model.tasks);
    const Task& wanted = config.model.tasks.at(task);
    const int first = table.first_class(static_cast<int>(task));
    for (std::size_t k = 0; k < wanted.classes.size(); ++k) classes_.push_back(first + static_cast<int>(k));

    const SamplingPlanOptions plan{config.loader.sampling, config.loader.batch_size, config.loader.seed};
    const SamplingCounts expected = SamplingCounter(datasets, plan).expected();
    for (std::size_t d = 0; d < datasets.size(); ++d) {
        std::vector<Record> labelled;
        for (const Record& record : datasets[d].records()) {
            if (labels_any(record.labels.states, classes_)) labelled.push_back(record);
        }
        if (labelled.empty()) continue;
        const double share = static_cast<double>(labelled.size()) / static_cast<double>(datasets[d].size());
        datasets_.emplace_back(datasets[d].name(), std::move(labelled), datasets[d].states(),
                               expected.datasets[d].expected * share);
        run_places_.push_back(static_cast<int>(d));
    }
    if (datasets_.empty()) {
        throw DataError(ErrorText{"task " + wanted.name, "no picture labels it",
                                  "a data set with labels of each task that is measured", "",
                                  "leave the task out with --tasks, or add data"});
    }
    options_.batch_size = rows;
    options_.threads = 1;
    options_.queue = 2;
    options_.cache_mb /= static_cast<std::int64_t>(config.model.tasks.size());
    options_.sampling = {};
    options_.seed = Random(config.loader.seed, kProbeStream, static_cast<std::uint64_t>(task)).next();
}

Batch TaskBatches::get(std::int64_t index) {
    if (!loader_ || loader_->next_index() != index) {
        loader_.reset();
        loader_ = std::make_unique<BatchLoader>(datasets_, options_, transforms_, index);
    }
    Batch batch = loader_->next();
    for (int& place : batch.dataset) place = run_places_.at(static_cast<std::size_t>(place));
    for (Labels& labels : batch.labels) keep_labels_of(labels, classes_);
    return batch;
}

} // namespace banyan
