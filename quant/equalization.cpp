#include "quant/equalization.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "core/check.h"
#include "graph/rebuild.h"

namespace banyan {

namespace {

const ConvAttributes* conv_of(const Node& node) { return std::get_if<ConvAttributes>(&node.attributes); }

class PairFinder {
public:
    PairFinder(const Graph& graph, bool replace_relu6)
        : graph_(graph), replace_relu6_(replace_relu6), readers_(data_consumers(graph)) {
        for (const Node& node : graph.nodes) {
            for (const std::string& name : parameter_names(node)) ++users_[name];
        }
    }

    std::optional<EqualizationPair> pair_from(int first) const {
        if (!is_own_conv(node(first))) return std::nullopt;
        EqualizationPair pair{first, only_reader(node(first).output), -1};
        if (pair.second >= 0 && is_passable(node(pair.second))) {
            pair.activation = pair.second;
            pair.second = only_reader(node(pair.activation).output);
        }
        if (pair.second < 0 || !is_own_conv(node(pair.second))) return std::nullopt;
        return pair;
    }

private:
    const Node& node(int index) const { return graph_.nodes.at(static_cast<std::size_t>(index)); }

    /// A convolution whose parameters nobody else uses.
    bool is_own_conv(const Node& candidate) const {
        const std::vector<std::string> names = parameter_names(candidate);
        return conv_of(candidate) != nullptr &&
               std::all_of(names.begin(), names.end(), [this](const auto& name) { return users_.at(name) == 1; });
    }

    bool is_passable(const Node& candidate) const {
        const auto* activation = std::get_if<ActivationAttributes>(&candidate.attributes);
        if (activation == nullptr) return false;
        return activation->kind == Activation::relu || (activation->kind == Activation::relu6 && replace_relu6_);
    }

    int only_reader(ValueId value) const {
        const std::vector<int>& readers = readers_.at(static_cast<std::size_t>(value));
        const bool is_output = std::any_of(graph_.outputs.begin(), graph_.outputs.end(),
                                           [value](const auto& output) { return output.second == value; });
        return readers.size() == 1 && !is_output ? readers.front() : -1;
    }

    const Graph& graph_;
    bool replace_relu6_;
    std::vector<std::vector<int>> readers_;
    std::map<std::string, int> users_; ///< number of nodes by parameter name
};

/// One convolution of a pair: the largest |weight| that leads from an input to an output channel, and the factors found
/// so far. Weights themselves are touched once, at the end.
class ScaledConv {
public:
    ScaledConv(const Node& node, const GraphWithValues& source) : parameters_(parameter_names(node)) {
        for (const std::string& name : parameters_) check_value(source, name);
        const ConvAttributes& conv = *conv_of(node);
        const HostTensor& weight = source.tensors.at(parameters_.front());
        outputs_ = static_cast<std::size_t>(weight.shape[0]);
        inputs_a_group_ = static_cast<std::size_t>(weight.shape[1]);
        outputs_a_group_ = outputs_ / static_cast<std::size_t>(conv.groups);
        output_factors_.assign(outputs_, 1);
        input_factors_.assign(inputs_a_group_ * static_cast<std::size_t>(conv.groups), 1);

        const std::size_t window = weight.data.size() / (outputs_ * inputs_a_group_);
        sizes_.assign(outputs_ * inputs_a_group_, 0);
        for (std::size_t i = 0; i < weight.data.size(); ++i) {
            sizes_[i / window] = std::max(sizes_[i / window], std::fabs(double{weight.data[i]}));
        }
    }

    double range_of_output(std::size_t output) const {
        double range = 0;
        for (std::size_t i = 0; i < inputs_a_group_; ++i) range = std::max(range, size_at(output, i));
        return range;
    }

    double range_of_input(std::size_t input) const {
        double range = 0;
        for (std::size_t o = 0; o < outputs_a_group_; ++o) {
            range = std::max(range, size_at(first_output(input) + o, input % inputs_a_group_));
        }
        return range;
    }

    void scale_output(std::size_t output, double factor) { output_factors_[output] *= factor; }
    void scale_input(std::size_t input, double factor) { input_factors_[input] *= factor; }

    void write(HostTensors& tensors) const {
        std::vector<float>& weight = tensors.at(parameters_.front()).data;
        const std::size_t window = weight.size() / sizes_.size();
        for (std::size_t i = 0; i < weight.size(); ++i) {
            const std::size_t output = i / window / inputs_a_group_, input = i / window % inputs_a_group_;
            weight[i] = static_cast<float>(weight[i] * factor_at(output, input));
        }
        if (parameters_.size() < 2) return;
        std::vector<float>& bias = tensors.at(parameters_.back()).data;
        for (std::size_t o = 0; o < outputs_; ++o) bias[o] = static_cast<float>(bias[o] * output_factors_[o]);
    }

private:
    static void check_value(const GraphWithValues& source, const std::string& name) {
        const auto found = source.tensors.find(name);
        BANYAN_CHECK(found != source.tensors.end(), "equalize_layers: parameter \"", name, "\" has no value");
        const HostTensor& tensor = found->second;
        BANYAN_CHECK(tensor.shape == source.graph.parameters.at(name).shape &&
                         tensor.count() == static_cast<std::int64_t>(tensor.data.size()),
                     "equalize_layers: the value of \"", name, "\" has the wrong size");
        BANYAN_CHECK(std::all_of(tensor.data.begin(), tensor.data.end(), [](float x) { return std::isfinite(x); }),
                     "equalize_layers: the value of \"", name, "\" is not finite");
    }

    std::size_t first_output(std::size_t input) const { return input / inputs_a_group_ * outputs_a_group_; }
    double factor_at(std::size_t output, std::size_t input_of_group) const {
        const std::size_t group = output / outputs_a_group_;
        return output_factors_[output] * input_factors_[group * inputs_a_group_ + input_of_group];
    }
    double size_at(std::size_t output, std::size_t input_of_group) const {
        return sizes_[output * inputs_a_group_ + input_of_group] * factor_at(output, input_of_group);
    }

    std::vector<std::string> parameters_; ///< of the weight and, if there is one, of the bias
    std::size_t outputs_ = 0, outputs_a_group_ = 0, inputs_a_group_ = 0;
    std::vector<double> sizes_; ///< [outputs, inputs of a group]
    std::vector<double> output_factors_, input_factors_;
};

class Equalizer {
public:
    Equalizer(const GraphWithValues& input, const EqualizationOptions& options)
        : result_(input), pairs_(equalization_pairs(input.graph, options.replace_relu6)) {
        for (const EqualizationPair& pair : pairs_) {
            for (const int index : {pair.first, pair.second}) {
                const Node& node = input.graph.nodes[static_cast<std::size_t>(index)];
                if (convs_.count(index) == 0) convs_.emplace(index, ScaledConv(node, input));
            }
        }
    }

    GraphWithValues run(const EqualizationOptions& options) {
        bool changed = false;
        for (int round = 0; round < options.most_rounds; ++round) {
            double largest = 0;
            for (const EqualizationPair& pair : pairs_) largest = std::max(largest, equalize(pair));
            if (largest <= options.tolerance) break;
            changed = true;
        }
        // Else each run would move what is equal already by its rounding.
        if (changed) {
            for (const auto& [index, conv] : convs_) conv.write(result_.tensors);
        }
        for (const EqualizationPair& pair : pairs_) {
            if (pair.activation < 0) continue;
            Node& between = result_.graph.nodes[static_cast<std::size_t>(pair.activation)];
            std::get<ActivationAttributes>(between.attributes).kind = Activation::relu;
        }
        return std::move(result_);
    }

private:
    /// @return the largest |log factor|
    double equalize(const EqualizationPair& pair) {
        ScaledConv &first = convs_.at(pair.first), &second = convs_.at(pair.second);
        const ValueId between = result_.graph.nodes[static_cast<std::size_t>(pair.first)].output;
        const auto channels = static_cast<std::size_t>(result_.graph.value(between).shape.channels);
        double largest = 0;
        for (std::size_t c = 0; c < channels; ++c) {
            const double made = first.range_of_output(c), read = second.range_of_input(c);
            if (made <= 0 || read <= 0) continue;
            const double s = std::sqrt(made / read);
            first.scale_output(c, 1 / s);
            second.scale_input(c, s);
            largest = std::max(largest, std::fabs(std::log(s)));
        }
        return largest;
    }

    GraphWithValues result_;
    std::vector<EqualizationPair> pairs_;
    std::map<int, ScaledConv> convs_; ///< by node
};

} // namespace

std::vector<EqualizationPair> equalization_pairs(const Graph& graph, bool replace_relu6) {
    const PairFinder finder(graph, replace_relu6);
    std::vector<EqualizationPair> pairs;
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
        if (const auto pair = finder.pair_from(static_cast<int>(n))) pairs.push_back(*pair);
    }
    return pairs;
}

GraphWithValues equalize_layers(const GraphWithValues& input, const EqualizationOptions& options) {
    return Equalizer(input, options).run(options);
}

} // namespace banyan
