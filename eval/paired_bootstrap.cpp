#include "eval/paired_bootstrap.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/random.h"
#include "eval/coco_grouping.h"
#include "eval/coco_metrics.h"
#include "eval/image_resamples.h"
#include "eval/resampled_precision.h"

namespace banyan {

namespace {

constexpr double kNoValue = -1;
constexpr std::uint64_t kSeedStream = 1; // ImageResamples uses stream 0 of each resample

using Values = std::vector<double>;              // [resample], the last one: all images once
using MetricValues = std::vector<Values>;        // of one category or task: [seed of all sides, or side]
using TableOfValues = std::vector<MetricValues>; // [category or task]

/// AP and AP50 of everything.
struct Samples {
    TableOfValues ap, ap50;
};

/// Which of a flat list of all seeds are a side's.
struct SeedRange {
    std::size_t first = 0, count = 0;
};

void check_arguments(const std::vector<BootstrapSide>& sides, const BootstrapOptions& options) {
    BANYAN_CHECK(!sides.empty(), "paired_bootstrap: no side to judge");
    for (const BootstrapSide& side : sides) BANYAN_CHECK(!side.seeds.empty(), "side ", side.name, " has no detections");
    BANYAN_CHECK(options.resamples > 0, "paired_bootstrap: resamples must be positive");
    BANYAN_CHECK(options.confidence > 0 && options.confidence < 1, "confidence must lie in (0, 1), got ",
                 options.confidence);
}

/// AP of every category and seed in every resample.
class Resampler {
public:
    Resampler(const CocoProblem& ground_truth, const std::vector<BootstrapSide>& sides, const BootstrapOptions& options)
        : options_(options) {
        CocoProblem problem = ground_truth;
        for (std::size_t k = 0; k < problem.categories.size(); ++k) recalls_.emplace_back(problem, k);
        for (const BootstrapSide& side : sides) {
            for (const std::vector<CocoDetection>& detections : side.seeds) {
                problem.detections = detections;
                add_seed(problem);
            }
        }
    }

    Samples run(std::size_t images) {
        for (std::size_t first = 0; first < options_.resamples; first += kResampleLanes) {
            const ImageResamples resamples(images, options_.seed, first);
            const std::size_t lanes = std::min(kResampleLanes, options_.resamples - first);
            for (std::size_t k = 0; k < recalls_.size(); ++k) {
                recalls_[k].use(resamples);
                for (std::size_t s = 0; s < curves_.size(); ++s) {
                    const ResampledValues values = curves_[s][k].values(resamples, recalls_[k]);
                    std::copy_n(values.ap.begin(), lanes, samples_.ap[k][s].begin() + std::ptrdiff_t(first));
                    std::copy_n(values.ap50.begin(), lanes, samples_.ap50[k][s].begin() + std::ptrdiff_t(first));
                }
            }
        }
        return std::move(samples_);
    }

private:
    void add_seed(const CocoProblem& problem) {
        const CocoResult result = evaluate_coco(problem);
        const CocoGrouping annotations(problem.annotations, problem.images.size(), problem.categories.size());
        const CocoGrouping detections(problem.detections, problem.images.size(), problem.categories.size());
        CategoryMatcher matcher(problem, CocoOptions());
        samples_.ap.resize(problem.categories.size());
        samples_.ap50.resize(problem.categories.size());
        std::vector<ResampledPrecision>& curves = curves_.emplace_back();
        for (std::size_t k = 0; k < problem.categories.size(); ++k) {
            curves.emplace_back(problem, matcher.match(k, annotations.of(k), detections.of(k)));
            const CocoStats& stats = result.per_class[k].stats;
            samples_.ap[k].emplace_back(options_.resamples + 1, stats[CocoStat::ap]);
            samples_.ap50[k].emplace_back(options_.resamples + 1, stats[CocoStat::ap50]);
        }
    }

    const BootstrapOptions& options_;
    std::vector<ResampledRecall> recalls_;                // [category]
    std::vector<std::vector<ResampledPrecision>> curves_; // [seed of all sides][category]
    Samples samples_;
};

std::vector<SeedRange> seed_ranges(const std::vector<BootstrapSide>& sides) {
    std::vector<SeedRange> ranges;
    std::size_t first = 0;
    for (const BootstrapSide& side : sides) {
        ranges.push_back({first, side.seeds.size()});
        first += side.seeds.size();
    }
    return ranges;
}

/// How often each seed counts: [resample][seed of all sides]; the last row has each once.
std::vector<std::vector<int>> seed_weights(const std::vector<SeedRange>& ranges, const BootstrapOptions& options) {
    const std::size_t all = ranges.back().first + ranges.back().count;
    std::vector<std::vector<int>> weights(options.resamples + 1, std::vector<int>(all, 1));
    if (!options.resample_seeds) return weights;
    for (std::size_t r = 0; r < options.resamples; ++r) {
        Random random(options.seed, r, kSeedStream);
        std::fill(weights[r].begin(), weights[r].end(), 0);
        for (const SeedRange& range : ranges) {
            for (std::size_t i = 0; i < range.count; ++i) {
                const auto drawn = random.integer(0, static_cast<std::int64_t>(range.count) - 1);
                ++weights[r][range.first + static_cast<std::size_t>(drawn)];
            }
        }
    }
    return weights;
}

/// Mean over each side's seeds. Whether there is a value depends on the images alone, so all seeds have one or none.
MetricValues average_seeds(const MetricValues& seeds, const std::vector<SeedRange>& ranges,
                           const std::vector<std::vector<int>>& weights) {
    MetricValues sides;
    for (const SeedRange& range : ranges) {
        Values& side = sides.emplace_back(seeds[range.first].size(), kNoValue);
        for (std::size_t r = 0; r < side.size(); ++r) {
            if (seeds[range.first][r] == kNoValue) continue;
            double sum = 0;
            for (std::size_t s = range.first; s < range.first + range.count; ++s) sum += weights[r][s] * seeds[s][r];
            side[r] = sum / static_cast<double>(range.count);
        }
    }
    return sides;
}

/// Mean over the items that have a value. @param items  [class or task][side][resample]
MetricValues average_items(const std::vector<const MetricValues*>& items) {
    MetricValues mean = *items.front();
    for (std::size_t side = 0; side < mean.size(); ++side) {
        for (std::size_t r = 0; r < mean[side].size(); ++r) {
            double sum = 0;
            int count = 0;
            for (const MetricValues* item : items) {
                const double value = (*item)[side][r];
                if (value == kNoValue) continue;
                sum += value;
                ++count;
            }
            mean[side][r] = count == 0 ? kNoValue : sum / count;
        }
    }
    return mean;
}

/// Between the sorted values' ranks, as numpy.quantile. `sorted` is not empty.
double quantile(const Values& sorted, double share) {
    const double place = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (place - std::floor(place)) * (sorted[above] - sorted[below]);
}

struct PercentileInterval {
    double low = 0, high = 0;
};

PercentileInterval interval_of(Values values, double confidence) {
    std::sort(values.begin(), values.end());
    return {quantile(values, (1 - confidence) / 2), quantile(values, (1 + confidence) / 2)};
}

BootstrapEstimate estimate_of(const Values& side, double confidence) {
    Values drawn;
    std::copy_if(side.begin(), side.end() - 1, std::back_inserter(drawn), [](double v) { return v != kNoValue; });
    if (drawn.empty()) return {};
    const PercentileInterval interval = interval_of(drawn, confidence);
    return {side.back(), interval.low, interval.high};
}

BootstrapDifference difference_of(const Values& a, const Values& b, double confidence) {
    Values drawn;
    for (std::size_t r = 0; r + 1 < a.size(); ++r) {
        if (a[r] != kNoValue) drawn.push_back(a[r] - b[r]);
    }
    if (drawn.empty()) return {};
    const auto above = std::count_if(drawn.begin(), drawn.end(), [](double v) { return v > 0; });
    const PercentileInterval interval = interval_of(drawn, confidence);
    return {a.back() - b.back(), interval.low, interval.high,
            static_cast<double>(above) / static_cast<double>(drawn.size())};
}

BootstrapMetric summarize(const MetricValues& sides, double confidence) {
    BootstrapMetric metric;
    for (const Values& side : sides) metric.sides.push_back(estimate_of(side, confidence));
    for (std::size_t i = 1; i < sides.size(); ++i) {
        metric.differences.push_back(difference_of(sides[0], sides[i], confidence));
    }
    return metric;
}

/// A task's name and its categories.
struct TaskMembers {
    std::string name;
    std::vector<std::size_t> categories;
};

std::vector<TaskMembers> tasks_of(const std::vector<CocoCategory>& categories) {
    std::vector<TaskMembers> tasks;
    for (std::size_t k = 0; k < categories.size(); ++k) {
        const std::string& name = categories[k].task.empty() ? categories[k].name : categories[k].task;
        auto task = std::find_if(tasks.begin(), tasks.end(), [&](const TaskMembers& t) { return t.name == name; });
        if (task == tasks.end()) task = tasks.insert(tasks.end(), {name, {}});
        task->categories.push_back(k);
    }
    return tasks;
}

/// One metric's rows: of the classes, of the tasks, of the mean over the tasks that no resample leaves without value.
struct MetricRows {
    std::vector<BootstrapMetric> classes, tasks;
    BootstrapMetric mean;
};

MetricRows summarize_all(const TableOfValues& classes, const std::vector<TaskMembers>& tasks, double confidence) {
    MetricRows rows;
    TableOfValues of_tasks;
    for (const MetricValues& each : classes) rows.classes.push_back(summarize(each, confidence));
    for (const TaskMembers& task : tasks) {
        std::vector<const MetricValues*> members;
        for (const std::size_t k : task.categories) members.push_back(&classes[k]);
        of_tasks.push_back(average_items(members));
        rows.tasks.push_back(summarize(of_tasks.back(), confidence));
    }
    std::vector<const MetricValues*> all;
    for (const MetricValues& each : of_tasks) all.push_back(&each);
    if (!all.empty()) rows.mean = summarize(average_items(all), confidence);
    return rows;
}

} // namespace

BootstrapResult paired_bootstrap(const CocoProblem& ground_truth, const std::vector<BootstrapSide>& sides,
                                 const BootstrapOptions& options) {
    check_arguments(sides, options);
    Samples samples = Resampler(ground_truth, sides, options).run(ground_truth.images.size());
    const std::vector<SeedRange> ranges = seed_ranges(sides);
    const auto weights = seed_weights(ranges, options);
    for (TableOfValues* table : {&samples.ap, &samples.ap50}) {
        for (MetricValues& of_class : *table) of_class = average_seeds(of_class, ranges, weights);
    }
    const std::vector<TaskMembers> tasks = tasks_of(ground_truth.categories);
    const MetricRows ap = summarize_all(samples.ap, tasks, options.confidence);
    const MetricRows ap50 = summarize_all(samples.ap50, tasks, options.confidence);

    BootstrapResult result;
    result.images = ground_truth.images.size();
    for (const BootstrapSide& side : sides) result.sides.push_back(side.name);
    for (std::size_t k = 0; k < ground_truth.categories.size(); ++k) {
        result.classes.push_back({ground_truth.categories[k].name, ap.classes[k], ap50.classes[k]});
    }
    for (std::size_t t = 0; t < tasks.size(); ++t) result.tasks.push_back({tasks[t].name, ap.tasks[t], ap50.tasks[t]});
    result.mean = {"mean", ap.mean, ap50.mean};
    return result;
}

} // namespace banyan
