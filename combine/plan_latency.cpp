#include "combine/plan_latency.h"

#include <algorithm>
#include <filesystem>

#include "combine/merge_sources.h"
#include "core/atomic_file.h"
#include "core/check.h"
#include "model/multi_task_model.h"

namespace banyan {

PlanLatencies::PlanLatencies(std::string path, ModelOptions unmerged, BoxOutputs boxes, LatencyMeter meter)
    : path_(std::move(path)), unmerged_(std::move(unmerged)), boxes_(boxes), meter_(std::move(meter)) {
    if (std::filesystem::exists(path_)) known_ = parse_plan_latencies(read_file(path_)).value_or(known_);
}

const PlanLatency* PlanLatencies::find(const MergePlan& plan) const {
    const auto found =
        std::find_if(known_.begin(), known_.end(), [&](const PlanLatency& known) { return known.plan == plan; });
    return found == known_.end() ? nullptr : &*found;
}

std::optional<std::vector<PlanLatency>> PlanLatencies::of(const std::vector<MergePlan>& plans) {
    const MergePlan apart = plan_of(unmerged_);
    std::vector<MergePlan> measured{apart};
    std::vector<ModelOptions> networks{unmerged_};
    std::optional<MultiTaskModel> source;
    for (const MergePlan& plan : plans) {
        if (find(plan) != nullptr || plan == apart) continue;
        if (!source) source.emplace(unmerged_);
        measured.push_back(plan);
        networks.push_back(options_with(unmerged_, plan_branches(*source, plan, {boxes_, 0})));
    }
    if (measured.size() > 1 || find(apart) == nullptr) {
        const std::vector<LatencySamples> samples = meter_(networks);
        if (samples.empty()) return std::nullopt;
        BANYAN_CHECK(samples.size() == networks.size(), "latency: ", samples.size(), " results for ", networks.size(),
                     " networks");
        for (std::size_t i = 0; i < samples.size(); ++i) {
            if (find(measured[i]) != nullptr) continue; // the unmerged one, from before
            known_.push_back({measured[i], samples[i].median(), samples[i].median_error()});
        }
        write_file_atomically(path_, plan_latencies_json(known_));
    }
    std::vector<PlanLatency> latencies;
    for (const MergePlan& plan : plans) latencies.push_back(*find(plan));
    return latencies;
}

std::optional<PlanLatency> PlanLatencies::unmerged() {
    const auto found = of({plan_of(unmerged_)});
    if (!found) return std::nullopt;
    return found->front();
}

} // namespace banyan
