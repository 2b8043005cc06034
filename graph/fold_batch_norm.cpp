#include "graph/fold_batch_norm.h"

#include <cmath>
#include <map>

#include "core/check.h"
#include "graph/rebuild.h"

namespace banyan {

namespace {

class Folder {
public:
    explicit Folder(const GraphWithValues& input) : graph_(input.graph), tensors_(input.tensors) {
        for (const Node& node : graph_.nodes) {
            if (const auto* conv = std::get_if<ConvAttributes>(&node.attributes)) ++users_[conv->parameters];
        }
    }

    GraphWithValues run() {
        const std::vector<std::vector<int>> readers = consumers(graph_);
        for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
            const int conv = foldable_conv(graph_.nodes[n], readers);
            if (conv < 0) continue;
            Node& conv_node = graph_.nodes[static_cast<std::size_t>(conv)];
            fold(conv_node, graph_.nodes[n]);
            replaced_[graph_.nodes[n].output] = conv_node.output;
        }
        return finish();
    }

private:
    /// The convolution that this node, a batch norm, can join; -1 if there is none.
    int foldable_conv(const Node& node, const std::vector<std::vector<int>>& readers) const {
        if (!std::holds_alternative<BatchNormAttributes>(node.attributes)) return -1;
        const ValueId in = node.inputs.at(0);
        const int producer = graph_.value(behind(in)).producer;
        if (producer < 0 || readers[static_cast<std::size_t>(in)].size() != 1) return -1;
        for (const auto& [name, id] : graph_.outputs) {
            if (id == in) return -1;
        }
        const Node& before = graph_.nodes[static_cast<std::size_t>(producer)];
        return std::holds_alternative<ConvAttributes>(before.attributes) ? producer : -1;
    }

    /// The value that stands for `id` in the result.
    ValueId behind(ValueId id) const {
        const auto found = replaced_.find(id);
        return found == replaced_.end() ? id : found->second;
    }

    const HostTensor& values(const std::string& name) const {
        const auto found = tensors_.find(name);
        BANYAN_CHECK(found != tensors_.end(), "fold_batch_norm: parameter \"", name, "\" has no value");
        BANYAN_CHECK(found->second.shape == graph_.parameters.at(name).shape &&
                         found->second.count() == static_cast<std::int64_t>(found->second.data.size()),
                     "fold_batch_norm: the value of \"", name, "\" has the wrong size");
        return found->second;
    }

    /// Writes the joined weight and bias under a prefix of the convolution's own.
    void fold(Node& conv_node, const Node& norm_node) {
        auto& conv = std::get<ConvAttributes>(conv_node.attributes);
        const auto& norm = std::get<BatchNormAttributes>(norm_node.attributes);
        HostTensor weight = values(conv.parameters + ".weight");
        HostTensor bias{{conv.out_channels}, std::vector<float>(static_cast<std::size_t>(conv.out_channels), 0.0F)};
        if (conv.bias) bias = values(conv.parameters + ".bias");
        const HostTensor &gamma = values(norm.parameters + ".weight"), &beta = values(norm.parameters + ".bias");
        const HostTensor& mean = values(norm.parameters + ".running_mean");
        const HostTensor& variance = values(norm.parameters + ".running_var");

        const std::size_t per_channel = weight.data.size() / bias.data.size();
        for (std::size_t c = 0; c < bias.data.size(); ++c) {
            BANYAN_CHECK(variance.data[c] >= 0, "fold_batch_norm: node ", norm_node.name,
                         ": expected a running variance >= 0, found ", variance.data[c], " in channel ", c);
            const double factor = double{gamma.data[c]} / std::sqrt(double{variance.data[c]} + norm.eps);
            bias.data[c] = static_cast<float>(double{beta.data[c]} + (double{bias.data[c]} - mean.data[c]) * factor);
            for (std::size_t i = c * per_channel; i < (c + 1) * per_channel; ++i) {
                weight.data[i] = static_cast<float>(double{weight.data[i]} * factor);
            }
        }
        store(conv_node, std::move(weight), std::move(bias));
    }

    void store(Node& conv_node, HostTensor weight, HostTensor bias) {
        auto& conv = std::get<ConvAttributes>(conv_node.attributes);
        const Parameter weight_parameter = graph_.parameters.at(conv.parameters + ".weight");
        if (users_.at(conv.parameters) > 1) {
            conv.parameters = own_prefix(conv_node.name);
            users_[conv.parameters] = 1;
        }
        conv.bias = true;
        graph_.parameters[conv.parameters + ".weight"] = weight_parameter;
        Parameter& bias_parameter = graph_.parameters[conv.parameters + ".bias"];
        bias_parameter.shape = bias.shape;
        bias_parameter.role = ParameterRole::bias;
        tensors_[conv.parameters + ".weight"] = std::move(weight);
        tensors_[conv.parameters + ".bias"] = std::move(bias);
    }

    std::string own_prefix(std::string prefix) const {
        while (graph_.parameters.count(prefix + ".weight") > 0) prefix += ".folded";
        return prefix;
    }

    GraphWithValues finish() const {
        std::vector<Node> nodes;
        for (const Node& node : graph_.nodes) {
            if (replaced_.count(node.output) > 0) continue;
            nodes.push_back(node);
            for (ValueId& id : nodes.back().inputs) id = behind(id);
        }
        std::map<std::string, ValueId> outputs = graph_.outputs;
        for (auto& [name, id] : outputs) id = behind(id);

        GraphWithValues result{rebuild(graph_, std::move(nodes), outputs), {}};
        for (const auto& [name, parameter] : result.graph.parameters) result.tensors[name] = values(name);
        return result;
    }

    Graph graph_;
    HostTensors tensors_;
    std::map<std::string, int> users_;    ///< number of convolutions by parameter prefix
    std::map<ValueId, ValueId> replaced_; ///< output of a batch norm that is gone -> its convolution's
};

} // namespace

GraphWithValues fold_batch_norm(const GraphWithValues& input) { return Folder(input).run(); }

} // namespace banyan
