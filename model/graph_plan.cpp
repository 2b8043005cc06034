#include "model/graph_plan.h"

#include <optional>
#include <set>

#include "core/check.h"
#include "graph/byte_values.h"
#include "model/graph_module.h"

namespace banyan {

namespace {

class Planner {
public:
    Planner(const Graph& graph, const PlanRequest& request)
        : graph_(graph), request_(request), roundings_(roundings(graph)) {
        for (const std::vector<ValueId>* ids : {&request.given, &request.targets}) {
            for (const ValueId id : *ids) {
                BANYAN_CHECK(id >= 0 && index(id) < graph.values.size(), "graph module: no value ", id,
                             "; the graph has values 0 to ", graph.values.size() - 1);
            }
        }
        nodes_ = nodes_between(graph, request.given, request.targets);
        readers_.resize(graph.values.size());
        maker_.assign(graph.values.size(), -1);
        kept_.insert(request.given.begin(), request.given.end());
        kept_.insert(request.targets.begin(), request.targets.end());
        for (const int n : nodes_) {
            for (const ValueId id : node(n).inputs) readers_[index(id)].push_back(n);
        }
    }

    std::vector<PlanStep> plan() {
        for (const int n : nodes_) {
            if (joined_.count(n) == 0) append(n);
        }
        mark_last_uses();
        return std::move(steps_);
    }

private:
    static std::size_t index(ValueId id) { return static_cast<std::size_t>(id); }
    const Node& node(int n) const { return graph_.nodes[static_cast<std::size_t>(n)]; }
    template <typename Op>
    const Op* op(int n) const {
        return std::get_if<Op>(&node(n).attributes);
    }

    void append(int n) {
        PlanStep step;
        step.node = n;
        step.output = node(n).output;
        step.rounds_weight = computes_in_bytes(node(n)) && roundings_[index(node(n).inputs[0])].has_value();
        if (op<BatchNormAttributes>(n) != nullptr) describe_norm(step, n);
        if (op<ConvAttributes>(n) != nullptr) join_norm(step);
        if (op<AddAttributes>(n) != nullptr) step.overwrites = overwritable_input(n);
        if (!keeps_result(n)) join_activation(step);
        maker_[index(step.output)] = static_cast<int>(steps_.size());
        steps_.push_back(std::move(step));
    }

    /// The gradient needs the result as it was.
    bool keeps_result(int n) const {
        return op<ActivationAttributes>(n) != nullptr || op<SoftmaxAttributes>(n) != nullptr;
    }

    /// The only reader of a value that is wanted for nothing else; -1 otherwise.
    int only_reader(ValueId id) const {
        const std::vector<int>& readers = readers_[index(id)];
        return readers.size() == 1 && kept_.count(id) == 0 ? readers[0] : -1;
    }

    void describe_norm(PlanStep& step, int norm) const {
        step.frozen = has_any_prefix(op<BatchNormAttributes>(norm)->parameters + ".", request_.frozen_norms);
        step.batch_statistics = request_.training && !step.frozen;
    }

    void join_norm(PlanStep& step) {
        const int next = only_reader(step.output);
        if (next < 0 || op<BatchNormAttributes>(next) == nullptr) return;
        PlanStep norm;
        describe_norm(norm, next);
        if (norm.batch_statistics) return;
        step.norm = next;
        step.frozen = norm.frozen;
        step.output = node(next).output;
        joined_.insert(next);
    }

    void join_activation(PlanStep& step) {
        const int next = only_reader(step.output);
        if (next < 0 || op<ActivationAttributes>(next) == nullptr) return;
        step.activation = next;
        step.output = node(next).output;
        joined_.insert(next);
    }

    /// Where nothing keeps the result for its gradient.
    int overwritable_input(int add) const {
        const std::vector<ValueId>& inputs = node(add).inputs;
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            const int maker = maker_[index(inputs[i])];
            if (maker < 0 || only_reader(inputs[i]) < 0) continue;
            const PlanStep& step = steps_[static_cast<std::size_t>(maker)];
            if (step.activation < 0 && !keeps_result(step.node)) return static_cast<int>(i);
        }
        return -1;
    }

    void mark_last_uses() {
        const std::set<ValueId> targets(request_.targets.begin(), request_.targets.end());
        std::set<ValueId> read_later;
        for (std::size_t s = steps_.size(); s-- > 0;) {
            for (const ValueId id : node(steps_[s].node).inputs) {
                if (read_later.insert(id).second && targets.count(id) == 0) steps_[s].last_uses.push_back(id);
            }
        }
    }

    const Graph& graph_;
    const PlanRequest& request_;
    std::vector<std::optional<FakeQuantAttributes>> roundings_; ///< by value
    std::vector<int> nodes_;
    std::vector<std::vector<int>> readers_; ///< by value: nodes of this plan, once for each reading input
    std::vector<int> maker_;                ///< by value: step that makes it
    std::set<ValueId> kept_;                ///< given values and targets
    std::set<int> joined_;                  ///< nodes that are part of an earlier step
    std::vector<PlanStep> steps_;
};

} // namespace

std::vector<PlanStep> make_plan(const Graph& graph, const PlanRequest& request) {
    return Planner(graph, request).plan();
}

} // namespace banyan
