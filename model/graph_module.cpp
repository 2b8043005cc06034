#include "model/graph_module.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "graph/verifier.h"
#include "model/graph_operators.h"
#include "model/graph_plan.h"
#include "model/libtorch.h"
#include "model/parameter_init.h"
#include "model/set_statistics.h"

namespace banyan {

namespace {

bool is_learned(ParameterRole role) {
    return role != ParameterRole::running_mean && role != ParameterRole::running_var;
}

/// In NHWC memory order if wanted and if there is one.
at::Tensor laid_out(const at::Tensor& tensor, bool channels_last) {
    const bool nhwc = channels_last && tensor.dim() == 4;
    return tensor.contiguous(nhwc ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
}

/// @return the number of rows
std::int64_t check_given(const Graph& graph, const RunRequest& request) {
    std::int64_t rows = -1;
    for (const auto& [id, tensor] : request.given) {
        BANYAN_CHECK(id >= 0 && static_cast<std::size_t>(id) < graph.values.size(), "graph module: no value ", id,
                     "; the graph has values 0 to ", graph.values.size() - 1);
        const Value& value = graph.value(id);
        BANYAN_CHECK(tensor.defined(), "graph module: the given value \"", value.name, "\" is an undefined tensor");
        const bool fits =
            tensor.dim() == 4 && tensor.size(1) == value.shape.channels && (rows < 0 || tensor.size(0) == rows);
        if (!fits) {
            const std::string n = rows < 0 ? "N" : std::to_string(rows);
            throw ShapeError(ErrorText{"graph module: given value \"" + value.name + "\"", "wrong shape",
                                       detail::concat_parts("[", n, ", ", value.shape.channels, ", H, W]"),
                                       detail::concat_parts(tensor.sizes()), ""});
        }
        rows = tensor.size(0);
    }
    return rows;
}

} // namespace

struct GraphModule::Plan {
    std::vector<Operator> operators;
};

struct GraphModule::PlanCache {
    std::map<PlanRequest, Plan> plans;
};

GraphModule::GraphModule(Graph graph, const GraphModuleOptions& options)
    : graph_(std::move(graph)), options_(options), plans_(std::make_unique<PlanCache>()) {
    verify(graph_);
    for (const auto& [name, parameter] : graph_.parameters) {
        const at::Tensor drawn = initial_values(graph_, name, options.seed).to(options.device, options.dtype);
        at::Tensor values = laid_out(drawn, options.channels_last);
        const bool learned = is_learned(parameter.role);
        values.set_requires_grad(learned);
        (learned ? parameters_ : buffers_).emplace(name, std::move(values));
    }
}

GraphModule::~GraphModule() = default;
GraphModule::GraphModule(GraphModule&&) noexcept = default;
GraphModule& GraphModule::operator=(GraphModule&&) noexcept = default;

const GraphModule::Plan& GraphModule::plan_for(const RunRequest& request) {
    PlanRequest key{{}, request.targets, request.training, request.frozen_norms};
    for (const auto& [id, tensor] : request.given) key.given.push_back(id);
    const auto found = plans_->plans.find(key);
    if (found != plans_->plans.end()) return found->second;

    std::map<std::string, at::Tensor> tensors = parameters_;
    tensors.insert(buffers_.begin(), buffers_.end());
    Plan plan;
    for (const PlanStep& step : make_plan(graph_, key)) plan.operators.emplace_back(graph_, step, tensors);
    return plans_->plans.emplace(std::move(key), std::move(plan)).first->second;
}

std::map<ValueId, at::Tensor> GraphModule::run(const RunRequest& request) {
    const std::int64_t rows = check_given(graph_, request);
    const std::vector<RowGroup> groups = row_groups(request.row_sets, set_shares_.size());
    BANYAN_CHECK(groups.empty() || static_cast<std::int64_t>(request.row_sets.size()) == rows,
                 "graph module: ", request.row_sets.size(), " data sets for ", rows, " rows");
    const Plan& plan = plan_for(request);
    std::vector<at::Tensor> values(graph_.values.size());
    const auto value = [&](ValueId id) -> at::Tensor& { return values[static_cast<std::size_t>(id)]; };
    for (const auto& [id, tensor] : request.given) value(id) = laid_out(tensor, options_.channels_last);

    for (const Operator& op : plan.operators) {
        std::vector<at::Tensor> inputs;
        for (const ValueId id : op.input_ids()) inputs.push_back(value(id));
        for (const ValueId id : op.last_uses()) value(id) = at::Tensor();
        value(op.output_id()) = op.apply(std::move(inputs), groups);
    }
    std::map<ValueId, at::Tensor> results;
    for (const ValueId id : request.targets) results[id] = value(id);
    return results;
}

std::map<std::string, at::Tensor> GraphModule::run_outputs(const at::Tensor& images, bool training) {
    RunRequest request;
    request.given[graph_.input] = images;
    request.training = training;
    for (const auto& [name, id] : graph_.outputs) request.targets.push_back(id);
    const std::map<ValueId, at::Tensor> values = run(request);
    std::map<std::string, at::Tensor> outputs;
    for (const auto& [name, id] : graph_.outputs) outputs[name] = values.at(id);
    return outputs;
}

const at::Tensor& GraphModule::tensor(const std::string& name) const {
    const auto learned = parameters_.find(name);
    if (learned != parameters_.end()) return learned->second;
    const auto buffer = buffers_.find(name);
    BANYAN_CHECK(buffer != buffers_.end(), "graph module: no parameter \"", name, "\" in the graph");
    return buffer->second;
}

void GraphModule::assign(const std::string& name, const at::Tensor& values) {
    at::Tensor target = tensor(name);
    if (target.sizes() != values.sizes()) {
        throw ShapeError(ErrorText{"graph module: parameter \"" + name + "\"", "values have another shape",
                                   detail::concat_parts(target.sizes()), detail::concat_parts(values.sizes()), ""});
    }
    const at::NoGradGuard no_gradient;
    target.copy_(values);
}

void GraphModule::separate_norms(const std::vector<std::string>& prefixes, std::vector<double> shares) {
    BANYAN_CHECK(separated_.empty(), "graph module: norms can be separated once only");
    BANYAN_CHECK(!shares.empty() && std::all_of(shares.begin(), shares.end(), [](double share) { return share > 0; }),
                 "graph module: expected a share > 0 of each data set");
    for (const Node& node : graph_.nodes) {
        const auto* norm = std::get_if<BatchNormAttributes>(&node.attributes);
        if (norm == nullptr || !has_any_prefix(norm->parameters + ".", prefixes)) continue;
        separated_.push_back(norm->parameters);
        for (const char* statistic : {".running_mean", ".running_var"}) {
            const std::string name = norm->parameters + statistic;
            for (std::size_t set = 0; set < shares.size(); ++set) {
                buffers_.insert_or_assign(set_statistic_name(name, set), buffers_.at(name).clone());
            }
        }
    }
    set_shares_ = std::move(shares);
    plans_->plans.clear(); // their norms know nothing of the new statistics
}

void GraphModule::mix_set_statistics() {
    for (const std::string& norm : separated_) {
        std::vector<NormStatistics> sets;
        for (std::size_t set = 0; set < set_shares_.size(); ++set) {
            sets.push_back({buffers_.at(set_statistic_name(norm + ".running_mean", set)),
                            buffers_.at(set_statistic_name(norm + ".running_var", set))});
        }
        const NormStatistics mixed = mixed_statistics(sets, set_shares_);
        assign(norm + ".running_mean", mixed.mean);
        assign(norm + ".running_var", mixed.variance);
    }
}

HostTensors GraphModule::to_host() const {
    HostTensors host;
    for (const auto& [name, parameter] : graph_.parameters) {
        const at::Tensor plain = tensor(name).detach().to(at::kCPU, at::kFloat).contiguous();
        const float* first = plain.const_data_ptr<float>();
        host[name] = {plain.sizes().vec(), std::vector<float>(first, first + plain.numel())};
    }
    return host;
}

void GraphModule::load_host(const HostTensors& tensors) {
    for (const auto& [name, host] : tensors) {
        BANYAN_CHECK(host.count() == static_cast<std::int64_t>(host.data.size()), "graph module: \"", name, "\" has ",
                     host.data.size(), " values for a shape of ", host.count());
        at::Tensor values = at::empty(host.shape, at::kFloat);
        std::copy(host.data.begin(), host.data.end(), values.mutable_data_ptr<float>());
        assign(name, values);
    }
}

bool has_any_prefix(const std::string& name, const std::vector<std::string>& prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& p) { return name.starts_with(p); });
}

std::vector<std::string> frozen_norm_parameters(const Graph& graph, const std::vector<std::string>& frozen_norms) {
    std::vector<std::string> names;
    for (const auto& [name, parameter] : graph.parameters) {
        const bool affine = parameter.role == ParameterRole::norm_weight || parameter.role == ParameterRole::norm_bias;
        if (affine && has_any_prefix(name, frozen_norms)) names.push_back(name);
    }
    return names;
}

} // namespace banyan
