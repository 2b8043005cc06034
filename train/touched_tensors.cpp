#include "train/touched_tensors.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "model/libtorch.h"
#include "model/set_statistics.h"

namespace banyan {

namespace {

/// Of statistics by data set (model/set_statistics.h) only those of data sets that ran move, and their mixture does
/// not.
bool its_rows_ran(const GraphModule& module, const std::string& buffer, const std::vector<std::int64_t>& row_sets) {
    const std::optional<std::size_t> set = set_of_statistic(buffer);
    if (!set) return module.buffers().count(set_statistic_name(buffer, 0)) == 0;
    return std::find(row_sets.begin(), row_sets.end(), static_cast<std::int64_t>(*set)) != row_sets.end();
}

} // namespace

std::vector<std::string> touched_tensors(const GraphModule& module, const StepLosses& losses) {
    std::vector<std::string> names, prefixes;
    for (const auto& [name, parameter] : module.parameters()) {
        if (parameter.grad().defined()) names.push_back(name);
    }
    for (const std::string& head : losses.heads) prefixes.push_back("branches." + head + ".");
    for (const auto& [name, buffer] : module.buffers()) {
        // In the trunk, batch statistics were used where the affine part has a gradient; a branch's box tower may have
        // none.
        if (!its_rows_ran(module, name, losses.row_sets)) continue;
        const std::string weight = name.substr(0, name.rfind('.')) + ".weight";
        if (has_any_prefix(name, prefixes) || module.tensor(weight).grad().defined()) names.push_back(name);
    }
    return names;
}

ActiveChannels active_channels(const MultiTaskModel& model, const StepLosses& losses) {
    ActiveChannels all;
    for (const auto& [name, active] : losses.active) {
        if (std::find(active.begin(), active.end(), false) == active.end()) continue;
        const ValueId value = model.branch(name).class_values.front();
        const auto& conv = std::get<ConvAttributes>(model.module().graph().producer(value)->attributes);
        std::vector<std::int64_t> channels;
        for (std::int64_t channel = 0; channel < conv.out_channels; ++channel) {
            if (active[static_cast<std::size_t>(channel) % active.size()]) channels.push_back(channel);
        }
        for (const std::string& parameter : {conv.parameters + ".weight", conv.parameters + ".bias"}) {
            all[parameter] = at::tensor(at::ArrayRef<std::int64_t>(channels), at::kLong);
        }
    }
    return all;
}

} // namespace banyan
