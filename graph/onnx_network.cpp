#include "graph/onnx_network.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "graph/remove_dead.h"
#include "graph/shape_inference.h"
#include "graph/verifier.h"

namespace banyan {

namespace {

constexpr std::size_t kMostNumbers = std::size_t{1} << 29; // of all parameters

/// Whether line i of `out` is the one of `in` that upsampling to that many copies.
bool is_enlarged(const std::vector<std::int64_t>& lines, std::int64_t in) {
    if (lines.empty()) return true;
    const auto out = static_cast<std::int64_t>(lines.size());
    if (out < in) return false;
    for (std::int64_t i = 0; i < out; ++i) {
        if (lines[static_cast<std::size_t>(i)] != i * in / out) return false;
    }
    return true;
}

/// w * factor and b * factor + offset, by the outermost axis of the weight.
void scale_rows(HostTensor& weight, HostTensor& bias, const std::vector<float>& factors,
                const std::vector<float>& offsets) {
    const std::size_t per_channel = weight.data.size() / factors.size();
    for (std::size_t i = 0; i < weight.data.size(); ++i) weight.data[i] *= factors[i / per_channel];
    for (std::size_t c = 0; c < factors.size(); ++c) bias.data[c] = bias.data[c] * factors[c] + offsets[c];
}

HostTensor zeros(std::size_t count) { return {{static_cast<std::int64_t>(count)}, std::vector<float>(count, 0.0F)}; }

} // namespace

void refuse_onnx(const std::string& problem, const std::string& supported, const std::string& next_step) {
    throw ModelFileError(ErrorText{"", problem, supported, "", next_step});
}

OnnxNetwork::OnnxNetwork(std::int64_t height, std::int64_t width) : names_{kImageName} {
    graph_.values.push_back({kImageName, {kImageChannels, height, width}, -1});
    graph_.input = 0;
}

OnnxView OnnxNetwork::settled(const OnnxView& view) {
    OnnxView result = view;
    if (!result.rows.empty() || !result.columns.empty()) result = enlarged(result);
    return result.keeps_channels(shape(result).channels) ? result : selected(result);
}

OnnxView OnnxNetwork::selected(const OnnxView& view) {
    OnnxView result = view;
    const auto [entry, is_new] = selections_.try_emplace({view.source, view.channels}, view.source);
    if (is_new) {
        const std::string name = graph_.value(view.source).name + ".channels";
        entry->second = append(name, SelectChannelsAttributes{view.channels}, {view.source});
    }
    result.source = entry->second;
    result.is_only_use = false; // another view may read the same selection
    for (std::size_t c = 0; c < result.channels.size(); ++c) result.channels[c] = static_cast<std::int64_t>(c);
    return result;
}

OnnxView OnnxNetwork::enlarged(const OnnxView& view) {
    const ValueShape& from = shape(view);
    if (!is_enlarged(view.rows, from.height) || !is_enlarged(view.columns, from.width)) {
        refuse_onnx("rows or columns of a map are taken apart", "all of them, or nearest neighbours of a larger map");
    }
    const std::int64_t height = view.rows.empty() ? from.height : std::ssize(view.rows);
    const std::int64_t width = view.columns.empty() ? from.width : std::ssize(view.columns);
    OnnxView result = view;
    result.source = enlarge(graph_.value(view.source).name + ".up", view.source, height, width);
    result.rows.clear();
    result.columns.clear();
    return result;
}

ValueId OnnxNetwork::enlarge(const std::string& name, ValueId map, std::int64_t height, std::int64_t width) {
    const auto like = std::find_if(graph_.values.rbegin(), graph_.values.rend(), [&](const Value& value) {
        return value.shape.height == height && value.shape.width == width;
    });
    if (like == graph_.values.rend()) {
        refuse_onnx("a map is enlarged to " + std::to_string(height) + " x " + std::to_string(width),
                    "a size that a value made before has: upsampling takes its size from one");
    }
    const auto like_id = static_cast<ValueId>(std::distance(like, graph_.values.rend()) - 1);
    return append(name, UpsampleAttributes{}, {map, like_id});
}

ValueId OnnxNetwork::as_map(const OnnxView& view) {
    if (view.is_padded()) {
        refuse_onnx("its input is padded by an operator of its own", "convolutions and average pools behind a padding");
    }
    if (!is_channels_first(view)) {
        refuse_onnx("its input is a map whose axes or numbers were put into another order", "[1, C, H, W]");
    }
    return settled(view).source;
}

ValueId OnnxNetwork::append(const std::string& name, Attributes attributes, const std::vector<ValueId>& inputs,
                            NamedNumbers numbers) {
    Node node{new_name(name), std::move(attributes), inputs, static_cast<ValueId>(graph_.values.size())};
    const auto bring = [&](auto& of_kind) {
        if constexpr (requires { of_kind.parameters; }) {
            if (of_kind.parameters.empty()) of_kind.parameters = shared_parameters({}, node.name, numbers);
            ++users_[of_kind.parameters];
        }
    };
    const ValueShape shape = infer_shape(node, input_shapes(graph_, node));
    std::visit(bring, node.attributes);
    graph_.values.push_back({node.name, shape, static_cast<int>(graph_.nodes.size())});
    graph_.nodes.push_back(std::move(node));
    return graph_.nodes.back().output;
}

std::string OnnxNetwork::shared_parameters(const std::vector<std::string>& sources, const std::string& otherwise,
                                           const NamedNumbers& numbers) {
    if (const auto found = shared_.find(sources); found != shared_.end()) return found->second;
    const std::string ending = ".weight";
    const bool has_prefix = !sources.empty() && sources[0].size() > ending.size() && sources[0].ends_with(ending);
    const std::string prefix =
        new_prefix(has_prefix ? sources[0].substr(0, sources[0].size() - ending.size()) : otherwise);
    for (const auto& [end, tensor] : numbers) {
        number_count_ += tensor.data.size();
        if (number_count_ > kMostNumbers) refuse_onnx("the network has more than 2 GiB of parameters");
        tensors_[prefix + end] = tensor;
    }
    if (!sources.empty()) shared_[sources] = prefix;
    return prefix;
}

OnnxView OnnxNetwork::scaled(const OnnxView& view, const std::string& name, const std::vector<float>& factors,
                             const std::vector<float>& offsets) {
    if (normalise_picture(view, factors, offsets)) return view;
    OnnxView result = settled(view);
    const int producer = graph_.value(result.source).producer;
    if (result.source == view.source && view.is_only_use && producer >= 0) {
        Node& node = graph_.nodes[static_cast<std::size_t>(producer)];
        if (join(node, factors, offsets)) return result;
    }
    ConvAttributes conv;
    conv.out_channels = conv.groups = static_cast<std::int64_t>(factors.size());
    conv.bias = true;
    NamedNumbers numbers;
    numbers[".weight"] = {{conv.out_channels, 1, 1, 1}, factors};
    numbers[".bias"] = {{conv.out_channels}, offsets};
    result.source = append(name, conv, {result.source}, std::move(numbers));
    return result;
}

bool OnnxNetwork::normalise_picture(const OnnxView& view, const std::vector<float>& factors,
                                    const std::vector<float>& offsets) {
    if (view.source != graph_.input || !view.is_only_use || view.channels.size() != mean_.size()) return false;
    const bool positive =
        std::all_of(factors.begin(), factors.end(), [](float f) { return f > 0 && std::isfinite(f); });
    const bool finite = std::all_of(offsets.begin(), offsets.end(), [](float o) { return std::isfinite(o); });
    if (!positive || !finite ||
        !std::is_permutation(view.channels.begin(), view.channels.end(), std::vector{0, 1, 2}.begin())) {
        return false;
    }
    // (x - m) / s * f + o = (x - (m - o s / f)) / (s / f)
    for (std::size_t place = 0; place < mean_.size(); ++place) {
        const auto channel = static_cast<std::size_t>(view.channels[place]);
        std_[channel] /= double{factors[place]};
        mean_[channel] -= double{offsets[place]} * std_[channel];
    }
    return true;
}

bool OnnxNetwork::join(Node& node, const std::vector<float>& factors, const std::vector<float>& offsets) {
    auto* conv = std::get_if<ConvAttributes>(&node.attributes);
    const auto* batch_norm = std::get_if<BatchNormAttributes>(&node.attributes);
    const auto* group_norm = std::get_if<GroupNormAttributes>(&node.attributes);
    if (conv == nullptr && batch_norm == nullptr && group_norm == nullptr) return false;
    const std::string prefix = conv != nullptr         ? conv->parameters
                               : batch_norm != nullptr ? batch_norm->parameters
                                                       : group_norm->parameters;
    if (users_[prefix] > 1) return false;
    std::erase_if(shared_, [&](const auto& entry) { return entry.second == prefix; });
    if (conv != nullptr && !conv->bias) {
        conv->bias = true;
        tensors_[prefix + ".bias"] = zeros(factors.size());
    }
    scale_rows(tensors_.at(prefix + ".weight"), tensors_.at(prefix + ".bias"), factors, offsets);
    return true;
}

void OnnxNetwork::set_normalisation(const std::array<double, 3>& mean, const std::array<double, 3>& std) {
    mean_ = mean;
    std_ = std;
}

GraphWithValues OnnxNetwork::finish(const std::map<std::string, ValueId>& outputs) const {
    Graph graph = graph_;
    graph.outputs = outputs;
    for (const Node& node : graph.nodes) {
        graph.parameters.merge(required_parameters(node, input_shapes(graph, node)));
    }
    verify(graph);
    GraphWithValues result{remove_dead(graph), {}};
    for (const auto& [name, parameter] : result.graph.parameters) {
        const HostTensor& tensor = tensors_.at(name);
        if (tensor.shape != parameter.shape)
            refuse_onnx("parameter \"" + name + "\" has other dims than its node needs");
        result.tensors[name] = tensor;
    }
    return result;
}

std::string OnnxNetwork::new_name(const std::string& wanted) {
    std::string name = wanted;
    while (!names_.insert(name).second) name += "_";
    return name;
}

std::string OnnxNetwork::new_prefix(const std::string& wanted) {
    std::string prefix = wanted;
    while (!prefixes_.insert(prefix).second) prefix += "_";
    return prefix;
}

} // namespace banyan
