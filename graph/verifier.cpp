#include "graph/verifier.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/check.h"
#include "graph/shape_inference.h"

namespace banyan {

namespace {

constexpr std::size_t kShownProblems = 5;

class Verifier {
public:
    explicit Verifier(const Graph& graph) : graph_(graph) {}

    void run() {
        check_input();
        check_values();
        // Later checks index by the ids of values; they need the ids to be sound.
        if (problems_.empty()) check_nodes();
        if (problems_.empty()) check_parameters();
        check_outputs();
        report();
    }

private:
    template <typename... Parts>
    void problem(const Parts&... parts) {
        problems_.push_back(detail::concat_parts(parts...));
    }

    bool exists(ValueId id) const { return id >= 0 && static_cast<std::size_t>(id) < graph_.values.size(); }

    void check_input() {
        if (graph_.schema_version != Graph{}.schema_version) problem("unknown schema version ", graph_.schema_version);
        if (!exists(graph_.input)) return problem("input ", graph_.input, " is no value");
        const Value& image = graph_.value(graph_.input);
        if (image.name != kImageName) problem("input \"", image.name, "\" is not named ", kImageName);
        if (image.producer != -1) problem("input \"", image.name, "\" has a producer");
        if (image.shape.channels != kImageChannels) problem("input has ", image.shape.channels, " channels, not 3");
    }

    void check_values() {
        std::set<std::string> names;
        for (std::size_t v = 0; v < graph_.values.size(); ++v) {
            const Value& value = graph_.values[v];
            if (value.name.empty()) problem("value ", v, " has no name");
            if (!names.insert(value.name).second) problem("value name \"", value.name, "\" is used twice");
            if (value.shape.channels < 1 || value.shape.height < 1 || value.shape.width < 1) {
                problem("value \"", value.name, "\" has an empty shape ", to_text(value.shape));
            }
            if (value.shape.channels > kMaxChannels || std::max(value.shape.height, value.shape.width) > kMaxExtent) {
                problem("value \"", value.name, "\" is too large, ", to_text(value.shape));
            }
            if (static_cast<ValueId>(v) != graph_.input) check_producer(v);
        }
    }

    void check_producer(std::size_t v) {
        const Value& value = graph_.values[v];
        if (value.producer < 0 || static_cast<std::size_t>(value.producer) >= graph_.nodes.size()) {
            return problem("value \"", value.name, "\" has no producer");
        }
        const Node& node = graph_.nodes[static_cast<std::size_t>(value.producer)];
        if (node.output != static_cast<ValueId>(v)) {
            problem("value \"", value.name, "\" names node ", node.name, " as producer, which makes another value");
        }
    }

    void check_nodes() {
        std::set<std::string> names;
        std::vector<char> made(graph_.values.size(), 0);
        made[static_cast<std::size_t>(graph_.input)] = 1;
        for (const Node& node : graph_.nodes) {
            if (!names.insert(node.name).second) problem("node name ", node.name, " is used twice");
            if (!exists(node.output)) {
                problem("node ", node.name, ": output ", node.output, " is no value");
                continue;
            }
            if (made[static_cast<std::size_t>(node.output)]) problem("node ", node.name, ": its output is made twice");
            if (inputs_are_made(node, made)) check_shape(node);
            made[static_cast<std::size_t>(node.output)] = 1;
        }
    }

    bool inputs_are_made(const Node& node, const std::vector<char>& made) {
        for (const ValueId id : node.inputs) {
            if (!exists(id)) {
                problem("node ", node.name, ": input ", id, " is no value");
                return false;
            }
            if (!made[static_cast<std::size_t>(id)]) {
                problem("node ", node.name, ": input \"", graph_.value(id).name, "\" is used before it is made");
                return false;
            }
        }
        return true;
    }

    void check_shape(const Node& node) {
        const Value& output = graph_.value(node.output);
        if (output.name != node.name) problem("node ", node.name, ": its value is named \"", output.name, "\"");
        try {
            const ValueShape shape = infer_shape(node, input_shapes(graph_, node));
            if (shape != output.shape) {
                problem("node ", node.name, ": expected shape ", to_text(shape), ", found ", to_text(output.shape));
            }
        } catch (const Error& error) {
            problems_.emplace_back(error.what());
        }
    }

    void check_parameters() {
        std::set<std::string> used;
        for (const Node& node : graph_.nodes) {
            for (const auto& [name, required] : required_parameters(node, input_shapes(graph_, node))) {
                used.insert(name);
                check_parameter(node, name, required);
            }
        }
        for (const auto& [name, parameter] : graph_.parameters) {
            if (used.count(name) == 0) problem("parameter \"", name, "\" is used by no node");
            const auto& pattern = parameter.init_pattern;
            const bool finite = std::isfinite(parameter.init_std) && std::isfinite(parameter.init_value) &&
                                std::all_of(pattern.begin(), pattern.end(), [](double v) { return std::isfinite(v); });
            if (!finite || parameter.init_std < 0) {
                problem("parameter \"", name, "\" has no finite start value");
            }
        }
    }

    void check_parameter(const Node& node, const std::string& name, const Parameter& required) {
        const auto found = graph_.parameters.find(name);
        if (name.front() == '.') problem("node ", node.name, ": its parameters have no prefix");
        if (found == graph_.parameters.end()) {
            return problem("node ", node.name, ": parameter \"", name, "\" is missing");
        }
        if (found->second.shape != required.shape) {
            problem("node ", node.name, ": parameter \"", name, "\" has the wrong shape");
        }
        if (found->second.role != required.role) {
            problem("node ", node.name, ": parameter \"", name, "\" has the wrong role");
        }
    }

    void check_outputs() {
        for (const auto& [name, id] : graph_.outputs) {
            if (name.empty()) problem("an output has no name");
            if (!exists(id)) problem("output \"", name, "\": value ", id, " does not exist");
        }
    }

    void report() const {
        if (problems_.empty()) return;
        std::string text = "graph: ";
        for (std::size_t i = 0; i < std::min(problems_.size(), kShownProblems); ++i) {
            text += (i == 0 ? "" : "; ") + problems_[i];
        }
        if (problems_.size() > kShownProblems) {
            text += detail::concat_parts("; and ", problems_.size() - kShownProblems, " more");
        }
        throw CheckError(text);
    }

    const Graph& graph_;
    std::vector<std::string> problems_;
};

} // namespace

void verify(const Graph& graph) { Verifier(graph).run(); }

} // namespace banyan
