#include "combine/tower_rows.h"

#include "core/check.h"
#include "model/libtorch.h"

namespace banyan {

namespace {

ValueId value_named(const Graph& graph, const std::string& name) {
    const std::optional<ValueId> value = graph.find_value(name);
    BANYAN_CHECK(value.has_value(), "transplant: the network has no value \"", name, "\"");
    return *value;
}

/// Appends the rows of one tower and level to what is there of the towers before.
void join(std::vector<at::Tensor>& levels, std::size_t level, const at::Tensor& rows) {
    if (levels.size() <= level) levels.resize(level + 1);
    levels[level] = levels[level].defined() ? at::cat({levels[level], rows}, 1) : rows;
}

struct LayerNames {
    std::string raw, normed, active, next; ///< next: the next layer's filtered channels, if it has any
};

std::vector<LayerNames> names_of(const std::string& tower, const HeadOptions& head, int level) {
    std::vector<LayerNames> layers;
    for (int i = 0; i < head.depth; ++i) {
        const bool filtered = head.tower == TowerKind::separable && i + 1 < head.depth;
        layers.push_back({tower_value(tower, i, "conv", level), tower_value(tower, i, norm_part(head), level),
                          tower_value(tower, i, output_part(head), level),
                          filtered ? tower_value(tower, i + 1, "dw", level) : ""});
    }
    return layers;
}

void read_level(GraphModule& module, const std::vector<LayerNames>& names, const CalibrationFeatures& features,
                std::size_t level, std::vector<TowerLayerRows>& layers) {
    const at::Tensor& cells = features.cells[level].index;
    std::string given = features.values[level];
    at::Tensor map = features.maps[level];
    for (std::size_t i = 0; i < names.size(); ++i) {
        std::vector<std::string> targets{names[i].raw, names[i].normed, names[i].active};
        if (!names[i].next.empty()) targets.push_back(names[i].next);
        const std::vector<at::Tensor> values = run_named(module, given, map, targets);
        join(layers[i].raw, level, rows_at(values[0], cells));
        join(layers[i].normed, level, rows_at(values[1], cells));
        join(layers[i].active, level, rows_at(values[2], cells));
        if (i + 1 < names.size()) {
            const bool filtered = !names[i].next.empty();
            join(layers[i].next, level, filtered ? rows_at(values[3], cells) : patches_at(values[2], cells));
        }
        given = names[i].active;
        map = values[2];
    }
}

} // namespace

std::string tower_value(const std::string& tower, int layer, const std::string& part, int level) {
    return tower + "." + std::to_string(layer) + "." + part + ".p" + std::to_string(level);
}

std::string norm_part(const HeadOptions& head) { return head.norm.kind == NormKind::batch ? "bn" : "gn"; }

std::string output_part(const HeadOptions& head) {
    return head.activation == Activation::none ? norm_part(head) : "act";
}

std::vector<TowerLayerRows> read_towers(GraphModule& module, const std::vector<std::string>& towers,
                                        const HeadOptions& head, const CalibrationFeatures& features) {
    std::vector<TowerLayerRows> layers(static_cast<std::size_t>(head.depth));
    for (const std::string& tower : towers) {
        for (std::size_t level = 0; level < features.levels.size(); ++level) {
            read_level(module, names_of(tower, head, features.levels[level]), features, level, layers);
        }
    }
    return layers;
}

std::vector<at::Tensor> last_rows(GraphModule& module, const std::string& tower, const HeadOptions& head,
                                  const CalibrationFeatures& features) {
    if (head.depth > 0) return read_towers(module, {tower}, head, features).back().active;
    std::vector<at::Tensor> rows;
    for (std::size_t level = 0; level < features.maps.size(); ++level) {
        rows.push_back(rows_at(features.maps[level], features.cells[level].index));
    }
    return rows;
}

std::vector<at::Tensor> run_named(GraphModule& module, const std::string& given, const at::Tensor& tensor,
                                  const std::vector<std::string>& targets) {
    RunRequest request;
    request.given[value_named(module.graph(), given)] = tensor;
    for (const std::string& target : targets) request.targets.push_back(value_named(module.graph(), target));
    const std::map<ValueId, at::Tensor> values = module.run(request);
    std::vector<at::Tensor> results;
    for (const ValueId target : request.targets) results.push_back(values.at(target));
    return results;
}

} // namespace banyan
