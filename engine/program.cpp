#include "engine/program.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "graph/byte_values.h"
#include "graph/rebuild.h"

namespace banyan {

namespace {

template <typename Attribute>
const Attribute* attribute_of(const Graph& graph, int node) {
    return std::get_if<Attribute>(&graph.nodes[static_cast<std::size_t>(node)].attributes);
}

Storage stored_by(const FakeQuantAttributes& quant) {
    return {NumberType::u8, static_cast<float>(quant.scale), quant.zero_point};
}

/// Whether bytes that cannot be below 0, or above what the largest of them stands for, do what the activation does.
bool is_implied(const ActivationAttributes& activation, const FakeQuantAttributes& quant) {
    if (quant.zero_point != 0) return false;
    if (activation.kind == Activation::relu) return true;
    return activation.kind == Activation::relu6 && std::nearbyint(6 / quant.scale) >= 255;
}

void for_each_read(const Operation& operation, const auto& action) {
    for (const ValueId value : operation.inputs) action(value);
    for (const PostOperation& post : operation.post) {
        if (post.addend >= 0) action(post.addend);
    }
}

class ProgramMaker {
public:
    ProgramMaker(Graph graph, const std::vector<FusionGroup>& groups, NumberType precision,
                 const std::set<std::string>& as_stored)
        : working_{precision}, lowered_(lower(graph, groups)), readers_(data_consumers(graph)),
          last_use_(graph.values.size(), -1), as_stored_(as_stored) {
        for (const Value& value : graph.values) program_.values.push_back({value.name, value.shape, working_});
        for (ValueId id = 0; id < std::ssize(graph.values); ++id) stored_as_.push_back(id);
        for (const auto& [name, value] : graph.outputs) {
            outputs_.insert(value);
            if (!as_stored_.contains(name)) float_outputs_.insert(value);
        }
        for (int i = 0; i < static_cast<int>(lowered_.size()); ++i) {
            for_each_read(lowered_[static_cast<std::size_t>(i)],
                          [&](ValueId value) { last_use_[static_cast<std::size_t>(value)] = i; });
        }
        program_.graph = std::move(graph);
    }

    Program make() {
        for (step_ = 0; step_ < static_cast<int>(lowered_.size()); ++step_) {
            place(lowered_[static_cast<std::size_t>(step_)]);
        }
        for (const auto& [name, value] : program_.graph.outputs) {
            const ValueId stored = stored_as_[static_cast<std::size_t>(value)];
            program_.outputs[name] = as_stored_.contains(name) ? stored : in_storage(stored, Storage{});
        }
        overwrite_inputs();
        return std::move(program_);
    }

private:
    const Node& node_of(const Operation& operation) const {
        return program_.graph.nodes[static_cast<std::size_t>(operation.node)];
    }
    Storage& storage(ValueId value) { return program_.values[static_cast<std::size_t>(value)].storage; }

    void place(Operation operation) {
        for (ValueId& input : operation.inputs) input = stored_as_[static_cast<std::size_t>(input)];
        for (PostOperation& post : operation.post) {
            if (post.addend >= 0) post.addend = stored_as_[static_cast<std::size_t>(post.addend)];
        }
        if (const auto* quant = attribute_of<FakeQuantAttributes>(program_.graph, operation.node)) {
            place_quantization(operation, stored_by(*quant));
        } else if (computes_in_bytes(node_of(operation))) {
            place_convolution(std::move(operation));
        } else if (keeps_storage(operation)) {
            emit(operation, storage(operation.inputs[0]));
        } else {
            for (ValueId& input : operation.inputs) input = as_float(input);
            for (PostOperation& post : operation.post) {
                if (post.addend >= 0) post.addend = as_float(post.addend);
            }
            emit(operation, working_);
        }
    }

    bool keeps_storage(const Operation& operation) {
        if (copies_numbers(node_of(operation))) return true;
        const auto is_first = [&](ValueId value) { return storage(value) == storage(operation.inputs[0]); };
        return attribute_of<ConcatAttributes>(program_.graph, operation.node) != nullptr &&
               std::all_of(operation.inputs.begin(), operation.inputs.end(), is_first);
    }

    void place_quantization(const Operation& operation, const Storage& wanted) {
        const ValueId input = operation.inputs[0];
        const bool only_reader = readers_[static_cast<std::size_t>(program_.graph.input)].size() == 1;
        if (input == program_.graph.input && only_reader && !outputs_.contains(input)) {
            storage(input) = wanted; // the picture is converted to bytes at once
            stored_as_[static_cast<std::size_t>(operation.output)] = input;
            return;
        }
        emit(operation, wanted);
    }

    void place_convolution(Operation operation) {
        std::optional<PostOperation> quantization;
        const bool eight_bit = storage(operation.inputs[0]).is_quantized();
        const int last = operation.post.empty() ? -1 : operation.post.back().node;
        const auto* quant = last < 0 ? nullptr : attribute_of<FakeQuantAttributes>(program_.graph, last);
        const ValueId result = operation.output;
        if (quant != nullptr) {
            operation.post.pop_back(); // a u8 result is rounded by its storage
            if (!eight_bit) {
                quantization = PostOperation{last};
                operation.output = program_.graph.nodes[static_cast<std::size_t>(last)].inputs[0];
            }
        }
        const bool to_bytes = quant != nullptr && eight_bit;
        if (to_bytes) drop_implied_activation(operation, *quant);
        const bool last_value =
            float_outputs_.contains(operation.output) && readers_[static_cast<std::size_t>(operation.output)].empty();
        const Storage stored = to_bytes ? stored_by(*quant) : last_value ? Storage{} : working_;
        place_addends(operation, stored);
        emit(operation, stored);
        if (quantization) emit({quantization->node, {operation.output}, {}, result}, stored_by(*quant));
    }

    void drop_implied_activation(Operation& operation, const FakeQuantAttributes& quant) const {
        if (operation.post.empty()) return;
        const auto* activation = attribute_of<ActivationAttributes>(program_.graph, operation.post.back().node);
        if (activation != nullptr && is_implied(*activation, quant)) operation.post.pop_back();
    }

    /// The first addend gives its memory to the result if nobody needs it later; others are read as floats.
    void place_addends(Operation& operation, const Storage& stored) {
        bool is_first = true;
        for (PostOperation& post : operation.post) {
            if (post.addend < 0) continue;
            const std::vector<ValueId>& inputs = operation.inputs;
            const bool is_read = std::find(inputs.begin(), inputs.end(), post.addend) != inputs.end() ||
                                 std::count_if(operation.post.begin(), operation.post.end(),
                                               [&](const auto& other) { return other.addend == post.addend; }) > 1;
            post.in_place = is_first && !is_read && storage(post.addend).type == stored.type && dies(post.addend);
            if (!post.in_place) post.addend = as_float(post.addend);
            is_first = false;
        }
    }

    /// Nobody reads the value behind this step. Of what shares its memory with another value this is never said.
    bool dies(ValueId value) const {
        const bool is_shared = std::count(stored_as_.begin(), stored_as_.end(), value) > 1;
        return value < std::ssize(last_use_) && last_use_[static_cast<std::size_t>(value)] == step_ &&
               !outputs_.contains(value) && !is_shared && value != program_.graph.input;
    }

    void emit(const Operation& operation, const Storage& stored) {
        storage(operation.output) = stored;
        program_.operations.push_back(operation);
    }

    ValueId as_float(ValueId value) { return storage(value).is_quantized() ? in_storage(value, working_) : value; }

    /// The value in that storage: itself, or a copy that is made here at its first use.
    ValueId in_storage(ValueId value, const Storage& wanted) {
        if (storage(value) == wanted) return value;
        const auto key = std::pair{value, wanted.type};
        const auto [entry, is_new] = copies_.try_emplace(key, static_cast<ValueId>(program_.values.size()));
        if (is_new) {
            ProgramValue copy = program_.value(value);
            copy.storage = wanted;
            program_.values.push_back(std::move(copy));
            program_.operations.push_back({-1, {value}, {}, entry->second});
        }
        return entry->second;
    }

    /// Kernels that may write where they read, because each number of the result needs the numbers at its place only.
    void overwrite_inputs() {
        const std::vector<int> last = last_uses(program_);
        for (int step = 0; step < static_cast<int>(program_.operations.size()); ++step) {
            Operation& operation = program_.operations[static_cast<std::size_t>(step)];
            if (operation.node < 0) continue;
            const bool pointwise = attribute_of<ActivationAttributes>(program_.graph, operation.node) != nullptr ||
                                   attribute_of<ScaleAttributes>(program_.graph, operation.node) != nullptr ||
                                   attribute_of<AddAttributes>(program_.graph, operation.node) != nullptr;
            const ValueId input = operation.inputs[0];
            const bool may_go = last[static_cast<std::size_t>(input)] == step && input != program_.graph.input &&
                                storage(input) == storage(operation.output);
            if (pointwise && may_go) operation.overwrites = 0;
        }
    }

    Storage working_;
    std::vector<Operation> lowered_;
    std::vector<std::vector<int>> readers_; ///< nodes by value
    std::vector<int> last_use_;             ///< lowered operation by value
    const std::set<std::string>& as_stored_;
    std::set<ValueId> outputs_;
    std::set<ValueId> float_outputs_; ///< of them those that are read as float32
    std::vector<ValueId> stored_as_;  ///< by value of the graph: itself, or the value that holds its numbers
    std::map<std::pair<ValueId, NumberType>, ValueId> copies_;
    int step_ = 0;
    Program program_;
};

} // namespace

Program make_program(Graph graph, const std::vector<FusionGroup>& groups, NumberType precision,
                     const std::set<std::string>& as_stored) {
    return ProgramMaker(std::move(graph), groups, precision, as_stored).make();
}

std::vector<int> last_uses(const Program& program) {
    std::vector<int> last(program.values.size(), -1);
    for (int step = 0; step < static_cast<int>(program.operations.size()); ++step) {
        for_each_read(program.operations[static_cast<std::size_t>(step)],
                      [&](ValueId value) { last[static_cast<std::size_t>(value)] = step; });
    }
    for (const auto& [name, value] : program.outputs) {
        last[static_cast<std::size_t>(value)] = static_cast<int>(program.operations.size());
    }
    return last;
}

} // namespace banyan
