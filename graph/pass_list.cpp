#include "graph/pass_list.h"

#include <algorithm>

#include "core/check.h"
#include "graph/remove_dead.h"
#include "graph/verifier.h"

namespace banyan {

namespace {

GraphWithValues remove_dead_with_values(const GraphWithValues& input) {
    GraphWithValues result{remove_dead(input.graph), {}};
    for (const auto& [name, parameter] : result.graph.parameters) {
        const auto found = input.tensors.find(name);
        BANYAN_CHECK(found != input.tensors.end(), "remove_dead: parameter \"", name, "\" has no value");
        result.tensors.insert(*found);
    }
    return result;
}

} // namespace

const std::vector<GraphPass>& graph_passes() {
    static const std::vector<GraphPass> passes{
        {"remove_dead", remove_dead_with_values},
        {"fold_batch_norm", fold_batch_norm},
    };
    return passes;
}

GraphWithValues apply_passes(GraphWithValues input, const std::vector<std::string>& disabled) {
    const std::vector<GraphPass>& passes = graph_passes();
    for (const std::string& name : disabled) {
        const auto is_named = [&name](const GraphPass& pass) { return pass.name == name; };
        const bool known = std::any_of(passes.begin(), passes.end(), is_named);
        BANYAN_CHECK(known, "graph: no pass is named \"", name, "\"");
    }
    for (const GraphPass& pass : passes) {
        if (std::find(disabled.begin(), disabled.end(), pass.name) != disabled.end()) continue;
        input = pass.apply(input);
        verify(input.graph);
    }
    return input;
}

} // namespace banyan
