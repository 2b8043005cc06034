#include "graph/byte_values.h"

#include <gtest/gtest.h>

#include "graph/builder.h"

namespace banyan {
namespace {

constexpr FakeQuantAttributes kFine{0.25, 3}, kCoarse{0.5, 0};

/// A graph in the making with a rounded copy of the picture for each attributes given.
struct Rounded {
    explicit Rounded(const std::vector<FakeQuantAttributes>& all) : graph(picture()) {
        for (const FakeQuantAttributes& attributes : all)
            append("quant" + std::to_string(made.size()), attributes, {0});
    }

    static Graph picture() {
        GraphBuilder builder(8, 8);
        builder.output("picture", builder.image());
        return builder.build();
    }

    ValueId append(const std::string& name, const Attributes& attributes, const std::vector<ValueId>& inputs) {
        const auto id = static_cast<ValueId>(graph.values.size());
        graph.values.push_back({name, graph.values[0].shape, static_cast<int>(graph.nodes.size())});
        graph.nodes.push_back({name, attributes, inputs, id});
        made.push_back(id);
        return id;
    }

    std::optional<FakeQuantAttributes> of(ValueId value) const {
        return roundings(graph).at(static_cast<std::size_t>(value));
    }

    Graph graph;
    std::vector<ValueId> made;
};

TEST(Roundings, AreThoseOfFakeQuantsAndCopies) {
    Rounded rounded({kFine});
    const ValueId bytes = rounded.made[0];
    PoolAttributes pool;
    const ValueId largest = rounded.append("largest", pool, {bytes});
    const ValueId larger = rounded.append("larger", UpsampleAttributes{}, {largest, 0});
    pool.kind = PoolAttributes::Kind::average;
    const ValueId mean = rounded.append("mean", pool, {bytes});
    const ValueId sum = rounded.append("sum", AddAttributes{}, {bytes, larger});
    EXPECT_EQ(rounded.of(0), std::nullopt);
    for (const ValueId value : {bytes, largest, larger}) EXPECT_EQ(rounded.of(value), kFine) << value;
    for (const ValueId value : {mean, sum}) EXPECT_EQ(rounded.of(value), std::nullopt) << value;
}

TEST(Roundings, OfValuesPutTogetherAreThatOfAll) {
    Rounded rounded({kFine, kFine, kCoarse});
    const std::vector<ValueId> bytes = rounded.made;
    EXPECT_EQ(rounded.of(rounded.append("alike", ConcatAttributes{}, {bytes[0], bytes[1]})), kFine);
    EXPECT_EQ(rounded.of(rounded.append("mixed", ConcatAttributes{}, {bytes[0], bytes[2]})), std::nullopt);
    EXPECT_EQ(rounded.of(rounded.append("partly", ConcatAttributes{}, {bytes[0], 0})), std::nullopt);
}

TEST(Roundings, BelongToTheLastFakeQuant) {
    Rounded rounded({kFine});
    EXPECT_EQ(rounded.of(rounded.append("again", kCoarse, {rounded.made[0]})), kCoarse);
}

} // namespace
} // namespace banyan
