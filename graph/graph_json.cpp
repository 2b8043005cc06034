#include "graph/graph_json.h"

#include <limits>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/config_reader.h"
#include "graph/enum_names.h"
#include "graph/verifier.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kMaxInteger = std::numeric_limits<std::int32_t>::max();

/// Puts an operator's attributes into its node's object.
struct AttributeWriter {
    Json& node;

    void operator()(const ConvAttributes& conv) const {
        node["out_channels"] = conv.out_channels;
        node["kernel"] = conv.kernel;
        node["stride"] = conv.stride;
        node["pad"] = conv.pad;
        node["groups"] = conv.groups;
        node["bias"] = conv.bias;
        node["padding"] = name_in(padding_names(), conv.padding);
        node["parameters"] = conv.parameters;
        if (conv.dilation != 1) node["dilation"] = conv.dilation;
    }
    void operator()(const BatchNormAttributes& norm) const {
        node["eps"] = norm.eps;
        node["parameters"] = norm.parameters;
    }
    void operator()(const GroupNormAttributes& norm) const {
        node["groups"] = norm.groups;
        node["eps"] = norm.eps;
        node["parameters"] = norm.parameters;
    }
    void operator()(const ActivationAttributes& activation) const {
        node["kind"] = name_in(activation_names(), activation.kind);
    }
    void operator()(const AddAttributes&) const {}
    void operator()(const ConcatAttributes&) const {}
    void operator()(const PoolAttributes& pool) const {
        node["kind"] = name_in(pool_names(), pool.kind);
        node["kernel"] = pool.kernel;
        node["stride"] = pool.stride;
        node["pad"] = pool.pad;
    }
    void operator()(const UpsampleAttributes&) const {}
    void operator()(const SelectChannelsAttributes& select) const { node["channels"] = select.channels; }
    void operator()(const SoftmaxAttributes&) const {}
    void operator()(const ScaleAttributes& scale) const { node["parameters"] = scale.parameters; }
    void operator()(const FakeQuantAttributes& quant) const {
        node["scale"] = quant.scale;
        node["zero_point"] = quant.zero_point;
    }
    void operator()(const LinearAttributes& linear) const {
        node["out_features"] = linear.out_features;
        node["parameters"] = linear.parameters;
    }
};

Json shape_json(const ValueShape& shape) { return {shape.channels, shape.height, shape.width}; }

Json node_json(const Graph& graph, const Node& node) {
    Json inputs = Json::array();
    for (const ValueId id : node.inputs) inputs.push_back(graph.value(id).name);
    Json json{{"name", node.name},
              {"op", op_name(node.attributes)},
              {"inputs", inputs},
              {"shape", shape_json(graph.value(node.output).shape)}};
    std::visit(AttributeWriter{json}, node.attributes);
    return json;
}

Json parameter_json(const std::string& name, const Parameter& parameter) {
    Json json{{"name", name},
              {"shape", parameter.shape},
              {"role", name_in(role_names(), parameter.role)},
              {"init_std", parameter.init_std},
              {"init_value", parameter.init_value}};
    if (!parameter.init_pattern.empty()) json["init_pattern"] = parameter.init_pattern;
    return json;
}

Attributes read_conv(ConfigReader& reader) {
    ConvAttributes conv;
    conv.out_channels = reader.integer("out_channels", 1, kMaxInteger);
    conv.kernel = reader.integer("kernel", 1, kMaxInteger);
    conv.stride = reader.integer("stride", 1, kMaxInteger);
    conv.pad = reader.integer("pad", 0, kMaxInteger);
    conv.groups = reader.integer("groups", 1, kMaxInteger);
    conv.bias = reader.boolean("bias");
    conv.padding = reader.choice("padding", padding_names());
    conv.parameters = reader.text("parameters");
    if (reader.has("dilation")) conv.dilation = reader.integer("dilation", 1, kMaxInteger);
    return conv;
}

Attributes read_batch_norm(ConfigReader& reader) {
    const double eps = reader.real("eps", 0, 1);
    return BatchNormAttributes{eps, reader.text("parameters")};
}

Attributes read_group_norm(ConfigReader& reader) {
    GroupNormAttributes norm;
    norm.groups = reader.integer("groups", 1, kMaxInteger);
    norm.eps = reader.real("eps", 0, 1);
    norm.parameters = reader.text("parameters");
    return norm;
}

Attributes read_activation(ConfigReader& reader) {
    return ActivationAttributes{reader.choice("kind", activation_names())};
}

Attributes read_pool(ConfigReader& reader) {
    PoolAttributes pool;
    pool.kind = reader.choice("kind", pool_names());
    pool.kernel = reader.integer("kernel", 1, kMaxInteger);
    pool.stride = reader.integer("stride", 1, kMaxInteger);
    pool.pad = reader.integer("pad", 0, kMaxInteger);
    return pool;
}

Attributes read_scale(ConfigReader& reader) { return ScaleAttributes{reader.text("parameters")}; }

Attributes read_fake_quant(ConfigReader& reader) {
    const double scale = reader.real("scale", 0, kMaxQuantScale);
    return FakeQuantAttributes{scale, static_cast<int>(reader.integer("zero_point", 0, 255))};
}

Attributes read_select_channels(ConfigReader& reader) {
    return SelectChannelsAttributes{reader.integers("channels", 0, kMaxInteger)};
}

Attributes read_linear(ConfigReader& reader) {
    const std::int64_t out_features = reader.integer("out_features", 1, kMaxInteger);
    return LinearAttributes{out_features, reader.text("parameters")};
}

template <typename WithoutAttributes>
Attributes read_nothing(ConfigReader&) {
    return WithoutAttributes{};
}

/// Readers by op_name().
const ConfigReader::Choices<Attributes (*)(ConfigReader&)>& attribute_readers() {
    static const ConfigReader::Choices<Attributes (*)(ConfigReader&)> readers{
        {"conv2d", read_conv},
        {"batch_norm", read_batch_norm},
        {"group_norm", read_group_norm},
        {"activation", read_activation},
        {"add", read_nothing<AddAttributes>},
        {"concat", read_nothing<ConcatAttributes>},
        {"pool", read_pool},
        {"upsample", read_nothing<UpsampleAttributes>},
        {"scale", read_scale},
        {"linear", read_linear},
        {"fake_quant", read_fake_quant},
        {"select_channels", read_select_channels},
        {"softmax", read_nothing<SoftmaxAttributes>}};
    return readers;
}

class GraphReader {
public:
    Graph read(ConfigReader root) {
        read_version(root);
        graph_.input = add_value("image", read_shape(root, "image"), -1);
        for (ConfigReader& node : root.objects("nodes")) read_node(node);
        for (ConfigReader& parameter : root.objects("parameters")) read_parameter(parameter);
        ConfigReader outputs = root.object("outputs");
        for (const std::string& name : outputs.keys()) {
            graph_.outputs[name] = value_named(outputs.text(name), outputs.where(name));
        }
        root.finish();
        return std::move(graph_);
    }

private:
    void read_version(ConfigReader& root) {
        const std::int64_t version = root.integer("schema_version", 1, kMaxInteger);
        if (version > graph_.schema_version) {
            throw ModelFileError(ErrorText{root.where("schema_version"), "the graph is of a newer version",
                                           std::to_string(graph_.schema_version) + " or older", std::to_string(version),
                                           "read it with a newer banyan"});
        }
    }

    static ValueShape read_shape(ConfigReader& reader, const std::string& key) {
        const std::vector<std::int64_t> extents = reader.integers(key, 1, kMaxInteger);
        if (extents.size() != 3) {
            throw ModelFileError(ErrorText{reader.where(key), "wrong value", "a list of channels, height and width",
                                           "a list of " + std::to_string(extents.size()), ""});
        }
        return {extents[0], extents[1], extents[2]};
    }

    ValueId add_value(const std::string& name, const ValueShape& shape, int producer) {
        const auto id = static_cast<ValueId>(graph_.values.size());
        graph_.values.push_back({name, shape, producer});
        ids_.emplace(name, id);
        return id;
    }

    ValueId value_named(const std::string& name, const std::string& where) const {
        const auto found = ids_.find(name);
        if (found != ids_.end()) return found->second;
        throw ModelFileError(
            ErrorText{where, "no such value", "\"image\" or the name of an earlier node", "\"" + name + "\"", ""});
    }

    void read_node(ConfigReader& reader) {
        Node node;
        node.name = reader.text("name");
        for (const std::string& input : reader.texts("inputs")) {
            node.inputs.push_back(value_named(input, reader.where("inputs")));
        }
        node.attributes = reader.choice("op", attribute_readers())(reader);
        const ValueShape shape = read_shape(reader, "shape");
        reader.finish();
        node.output = add_value(node.name, shape, static_cast<int>(graph_.nodes.size()));
        graph_.nodes.push_back(std::move(node));
    }

    void read_parameter(ConfigReader& reader) {
        const std::string name = reader.text("name");
        Parameter parameter;
        parameter.shape = reader.integers("shape", 1, kMaxInteger);
        parameter.role = reader.choice("role", role_names());
        parameter.init_std = reader.real("init_std", 0, std::numeric_limits<double>::max());
        constexpr double kLowest = std::numeric_limits<double>::lowest(), kMost = std::numeric_limits<double>::max();
        parameter.init_value = reader.real("init_value", kLowest, kMost);
        if (reader.has("init_pattern")) parameter.init_pattern = reader.reals("init_pattern", kLowest, kMost);
        reader.finish();
        if (!graph_.parameters.emplace(name, std::move(parameter)).second) {
            throw ModelFileError(
                ErrorText{reader.where("name"), "parameter \"" + name + "\" stands there twice", "", "", ""});
        }
    }

    Graph graph_;
    std::unordered_map<std::string, ValueId> ids_;
};

} // namespace

std::string to_json(const Graph& graph) {
    verify(graph);
    Json json{{"schema_version", graph.schema_version}, {"image", shape_json(graph.value(graph.input).shape)}};
    Json& nodes = json["nodes"] = Json::array();
    for (const Node& node : graph.nodes) nodes.push_back(node_json(graph, node));
    Json& parameters = json["parameters"] = Json::array();
    for (const auto& [name, parameter] : graph.parameters) parameters.push_back(parameter_json(name, parameter));
    Json& outputs = json["outputs"] = Json::object();
    for (const auto& [name, id] : graph.outputs) outputs[name] = graph.value(id).name;
    try {
        return json.dump();
    } catch (const Json::exception&) {
        throw CheckError("graph: the name of a node, parameter or output is not UTF-8");
    }
}

Graph graph_from_json(const std::string& text, const std::string& file_name) {
    try {
        Graph graph = GraphReader().read(ConfigReader::from_text(text, file_name));
        verify(graph);
        return graph;
    } catch (const ConfigError& error) {
        throw ModelFileError(error.what());
    } catch (const CheckError& error) {
        throw ModelFileError(file_name + ": " + error.what());
    }
}

} // namespace banyan
