#include "graph/dump.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <vector>

#include "core/check.h"
#include "graph/cost.h"
#include "graph/enum_names.h"

namespace banyan {

namespace {

struct Describe {
    std::string operator()(const ConvAttributes& conv) const {
        std::string text = detail::concat_parts("conv ", conv.kernel, "x", conv.kernel);
        if (conv.stride != 1) text += " s" + std::to_string(conv.stride);
        if (conv.groups != 1) text += " g" + std::to_string(conv.groups);
        if (conv.dilation != 1) text += " d" + std::to_string(conv.dilation);
        text += " -> " + std::to_string(conv.out_channels);
        if (conv.padding == Padding::same_tf) text += " same_tf";
        return conv.bias ? text + " bias" : text;
    }
    std::string operator()(const BatchNormAttributes& norm) const {
        return detail::concat_parts("batch_norm eps ", norm.eps);
    }
    std::string operator()(const GroupNormAttributes& norm) const {
        return detail::concat_parts("group_norm ", norm.groups, " groups eps ", norm.eps);
    }
    std::string operator()(const ActivationAttributes& activation) const {
        return name_in(activation_names(), activation.kind);
    }
    std::string operator()(const AddAttributes&) const { return "add"; }
    std::string operator()(const ConcatAttributes&) const { return "concat"; }
    std::string operator()(const PoolAttributes& pool) const {
        const std::string name = name_in(pool_names(), pool.kind) + "_pool";
        if (pool.kind == PoolAttributes::Kind::global_average) return name;
        return detail::concat_parts(name, " ", pool.kernel, "x", pool.kernel, " s", pool.stride);
    }
    std::string operator()(const UpsampleAttributes&) const { return "upsample"; }
    std::string operator()(const ScaleAttributes&) const { return "scale"; }
    std::string operator()(const FakeQuantAttributes& quant) const {
        return detail::concat_parts("fake_quant ", quant.scale, " @ ", quant.zero_point);
    }
    std::string operator()(const SelectChannelsAttributes& select) const {
        return "select_channels -> " + std::to_string(select.channels.size());
    }
    std::string operator()(const SoftmaxAttributes&) const { return "softmax"; }
    std::string operator()(const LinearAttributes& linear) const {
        return "linear -> " + std::to_string(linear.out_features);
    }
};

std::string shape_text(const ValueShape& shape) {
    return detail::concat_parts(shape.channels, "x", shape.height, "x", shape.width);
}

/// 1234567 -> "1.23 M".
std::string short_number(std::int64_t number) {
    const char* units[] = {"", " k", " M", " G", " T"};
    double value = static_cast<double>(number);
    std::size_t unit = 0;
    while (value >= 999.995 && unit + 1 < std::size(units)) {
        value /= 1000.0;
        ++unit;
    }
    char text[48];
    std::snprintf(text, sizeof text, unit == 0 ? "%.0f%s" : "%.2f%s", value, units[unit]);
    return text;
}

using Row = std::vector<std::string>;

std::string table(const std::vector<Row>& rows) {
    std::vector<std::size_t> widths(rows.at(0).size(), 0);
    for (const Row& row : rows) {
        for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
    }
    std::string text;
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t c = 0; c < row.size(); ++c) {
            line += row[c];
            if (c + 1 < row.size()) line += std::string(widths[c] - row[c].size() + 2, ' ');
        }
        text += line + "\n";
    }
    return text;
}

Row node_row(const Graph& graph, std::size_t index) {
    const Node& node = graph.nodes[index];
    std::string inputs;
    for (const ValueId id : node.inputs) inputs += (inputs.empty() ? "" : ", ") + graph.value(id).name;
    const Cost cost = node_cost(graph, node);
    return {std::to_string(index),
            node.name,
            describe(node),
            shape_text(graph.value(node.output).shape),
            cost.parameters > 0 ? short_number(cost.parameters) : "-",
            cost.macs > 0 ? short_number(cost.macs) : "-",
            inputs};
}

Row cost_row(const std::string& name, const Cost& cost) {
    const std::string bytes = short_number(cost.activation_bytes);
    return {name, short_number(cost.parameters), short_number(cost.macs),
            bytes + (bytes.find(' ') == std::string::npos ? " B" : "B")};
}

} // namespace

std::string describe(const Node& node) { return std::visit(Describe{}, node.attributes); }

std::string dump(const Graph& graph) {
    const Value& image = graph.value(graph.input);
    std::string text = "input " + image.name + " " + shape_text(image.shape) + "\n\n";

    std::vector<Row> rows{{"#", "node", "operator", "shape", "params", "MACs", "inputs"}};
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) rows.push_back(node_row(graph, n));
    text += table(rows) + "\n";

    for (const auto& [name, id] : graph.outputs) {
        text += "output " + name + " = " + graph.value(id).name + " " + shape_text(graph.value(id).shape) + "\n";
    }
    std::vector<Row> sums{{"part", "params", "MACs", "activations"}};
    for (const auto& [name, cost] : cost_by_prefix(graph)) sums.push_back(cost_row(name, cost));
    sums.push_back(cost_row("total", total_cost(graph)));
    return text + "\n" + table(sums);
}

} // namespace banyan
