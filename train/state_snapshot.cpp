#include "train/state_snapshot.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <variant>

#include "model/libtorch.h"
#include "model/set_statistics.h"

namespace banyan {

namespace {

std::set<std::string> parameters_for(const Graph& graph, const std::vector<ValueId>& targets) {
    std::set<std::string> names;
    if (targets.empty()) return names;
    for (const int node : nodes_between(graph, {graph.input}, targets)) {
        for (const std::string& name : parameter_names(graph.nodes[static_cast<std::size_t>(node)])) names.insert(name);
    }
    return names;
}

std::vector<ValueId> outputs_of(const Branch& branch) {
    std::vector<ValueId> values = branch.class_values;
    values.insert(values.end(), branch.box_values.begin(), branch.box_values.end());
    return values;
}

/// The statistic as the graph names it: without a data set.
std::string graph_name(const std::string& name) {
    return set_of_statistic(name) ? name.substr(0, name.rfind('@')) : name;
}

/// A count that all channels share counts for each.
at::Tensor chosen(const at::Tensor& values, const at::Tensor& channels) {
    if (!channels.defined()) return values.contiguous();
    if (values.dim() == 0) return values.expand({channels.size(0)}).contiguous();
    return values.index_select(0, channels).contiguous();
}

bool is_same(const at::Tensor& a, const at::Tensor& b) {
    if (a.scalar_type() != b.scalar_type() || a.sizes() != b.sizes()) return false;
    return std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0;
}

} // namespace

StateSnapshot::StateSnapshot(const MultiTaskModel& model, const Optimizer& optimizer, const Ema& ema) {
    add("parameter ", model.module().parameters(), false);
    add("statistic ", model.module().buffers(), false);
    add("optimizer ", optimizer.state(), true);
    add("ema ", ema.state(), true);
}

void StateSnapshot::add(const std::string& kind, const std::map<std::string, at::Tensor>& tensors, bool has_prefix) {
    for (const auto& [name, tensor] : tensors) {
        const std::string owner = has_prefix ? name.substr(name.find('.') + 1) : name;
        entries_[kind + name] = {owner, tensor.detach().to(at::kCPU, tensor.scalar_type(), false, /*copy=*/true)};
    }
}

ComparedTensors tensors_of_branch(const MultiTaskModel& model, const Branch& branch) {
    const Graph& graph = model.module().graph();
    std::vector<ValueId> others;
    for (const Branch& other : model.branches()) {
        if (other.name == branch.name) continue;
        const std::vector<ValueId> values = outputs_of(other);
        others.insert(others.end(), values.begin(), values.end());
    }
    const std::set<std::string> shared = parameters_for(graph, others), own = parameters_for(graph, outputs_of(branch));
    ComparedTensors tensors;
    for (const auto* all : {&model.module().parameters(), &model.module().buffers()}) {
        for (const auto& [name, tensor] : *all) {
            const std::string known_as = graph_name(name);
            if (own.count(known_as) == 1 && shared.count(known_as) == 0) tensors[name] = at::Tensor();
        }
    }
    return tensors;
}

ComparedTensors columns_of_classes(const MultiTaskModel& model, const Branch& branch,
                                   const std::vector<std::size_t>& classes) {
    const Node* node = model.module().graph().producer(branch.class_values.front());
    const auto& conv = std::get<ConvAttributes>(node->attributes);
    std::vector<std::int64_t> channels;
    for (std::int64_t channel = 0; channel < conv.out_channels; ++channel) {
        const std::size_t place = static_cast<std::size_t>(channel) % branch.class_count();
        if (std::find(classes.begin(), classes.end(), place) != classes.end()) channels.push_back(channel);
    }
    ComparedTensors tensors;
    for (const std::string& name : {conv.parameters + ".weight", conv.parameters + ".bias"}) {
        tensors[name] = at::tensor(at::ArrayRef<std::int64_t>(channels), at::kLong);
    }
    return tensors;
}

SnapshotComparison compare(const StateSnapshot& before, const StateSnapshot& after, const ComparedTensors& tensors) {
    SnapshotComparison comparison;
    std::set<std::string> names;
    for (const StateSnapshot* snapshot : {&before, &after}) {
        for (const auto& [name, entry] : snapshot->entries()) {
            if (tensors.count(entry.owner) == 1) names.insert(name);
        }
    }
    for (const std::string& name : names) {
        ++comparison.tensors;
        const auto old = before.entries().find(name), now = after.entries().find(name);
        bool same = old != before.entries().end() && now != after.entries().end();
        if (same) {
            const at::Tensor& channels = tensors.at(old->second.owner);
            same = is_same(chosen(old->second.values, channels), chosen(now->second.values, channels));
        }
        if (!same && comparison.first_difference.empty()) comparison.first_difference = name;
    }
    return comparison;
}

} // namespace banyan
