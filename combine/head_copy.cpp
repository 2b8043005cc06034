#include "combine/head_copy.h"

#include "core/error.h"
#include "model/libtorch.h"

namespace banyan {

namespace {

constexpr const char* kBranches = "branches.";

/// Names of the graph's parameters that begin with the prefix, without it.
std::vector<std::string> names_under(const Graph& graph, const std::string& prefix) {
    std::vector<std::string> names;
    for (auto entry = graph.parameters.lower_bound(prefix); entry != graph.parameters.end(); ++entry) {
        if (!entry->first.starts_with(prefix)) break;
        names.push_back(entry->first.substr(prefix.size()));
    }
    return names;
}

bool are_equal(const GraphModule& module, const std::string& first, const std::string& second) {
    const std::vector<std::string> names = names_under(module.graph(), first + ".");
    if (names != names_under(module.graph(), second + ".")) return false;
    for (const std::string& name : names) {
        if (!at::equal(module.tensor(first + "." + name), module.tensor(second + "." + name))) return false;
    }
    return true;
}

} // namespace

std::vector<std::string> tower_names(const BranchOptions& head) {
    const std::string prefix = kBranches + head.name + ".";
    if (head.head.split_towers) return {prefix + "cls_tower", prefix + "box_tower"};
    return {prefix + "tower"};
}

void copy_trunk(const GraphModule& from, GraphModule& to) {
    for (const auto& [name, parameter] : to.graph().parameters) {
        if (name.starts_with(kBranches)) continue;
        if (!from.graph().parameters.contains(name)) {
            throw UsageError(ErrorText{"--model", "its trunk is not the one that its options describe",
                                       "the tensor \"" + name + "\"", "none",
                                       "take a model file that `banyan train` has written"});
        }
        to.assign(name, from.tensor(name));
    }
}

void copy_tensors(const GraphModule& from, const std::string& prefix, GraphModule& to, const std::string& new_prefix) {
    for (const std::string& name : names_under(from.graph(), prefix)) {
        to.assign(new_prefix + name, from.tensor(prefix + name));
    }
}

bool have_equal_towers(const GraphModule& module, const std::vector<BranchOptions>& heads) {
    const std::vector<std::string> first = tower_names(heads.front());
    for (const BranchOptions& head : heads) {
        const std::vector<std::string> towers = tower_names(head);
        for (std::size_t i = 0; i < towers.size(); ++i) {
            if (!are_equal(module, first[i], towers[i])) return false;
        }
    }
    return true;
}

} // namespace banyan
