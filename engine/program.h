#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/lowering.h"
#include "engine/storage.h"

namespace banyan {

/// A value of a program: those of the graph first, by their ids, then copies in other storages.
struct ProgramValue {
    std::string name;
    ValueShape shape;
    Storage storage;
};

/// A graph as a list of operations over stored values.
struct Program {
    Graph graph;
    std::vector<ProgramValue> values;
    std::vector<Operation> operations;
    std::map<std::string, ValueId> outputs; ///< float32 but for those left as stored

    const ProgramValue& value(ValueId id) const { return values[static_cast<std::size_t>(id)]; }
};

/// Lowers the groups and decides how every value is stored:
///   what a fake_quant makes is u8, and so is what is copied of it (max pooling, upsampling, concatenation of equals);
///   convolutions and linear layers of u8 values compute in 8 bits and may write u8; all others compute in `precision`;
///   activations that the range of the bytes does already (relu, relu6) are left out;
///   an output that a convolution makes and nothing else reads is float32 at once; others get a float32 copy.
/// Where an operation cannot read a value as it is stored, a conversion (an Operation without a node, or of the
/// fake_quant) is put before it. Memory that nobody needs any more is used again (PostOperation::in_place,
/// Operation::overwrites).
/// @param precision f32 or bf16, of all that is not u8
/// @param as_stored names of outputs that need no float32 copy
Program make_program(Graph graph, const std::vector<FusionGroup>& groups, NumberType precision,
                     const std::set<std::string>& as_stored = {});

/// For each value the last operation that reads it; the operation count for outputs; -1: nobody.
std::vector<int> last_uses(const Program& program);

} // namespace banyan
