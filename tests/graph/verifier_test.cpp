#include "graph/verifier.h"

#include <limits>

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/graph/small_graphs.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

Node& node_named(Graph& graph, const std::string& name) {
    const ValueId id = graph.find_value(name).value();
    return graph.nodes.at(static_cast<std::size_t>(graph.value(id).producer));
}

Value& value_named(Graph& graph, const std::string& name) {
    return graph.values.at(static_cast<std::size_t>(graph.find_value(name).value()));
}

template <typename Break>
void refused(Break break_it, const std::vector<std::string>& words) {
    Graph graph = test::every_operator().build();
    break_it(graph);
    expect_error<CheckError>([&] { verify(graph); }, words);
}

TEST(Verify, AcceptsAGoodGraphAndAnEmptyOne) {
    EXPECT_NO_THROW(verify(test::every_operator().build()));
    EXPECT_NO_THROW(verify(GraphBuilder(8, 8).graph()));
}

TEST(Verify, RefusesABrokenInput) {
    refused([](Graph& g) { g.input = -1; }, {"input -1"});
    refused([](Graph& g) { g.input = 1000; }, {"input 1000"});
    refused([](Graph& g) { g.values[0].producer = 0; }, {"has a producer"});
    refused([](Graph& g) { g.values[0].name = "picture"; }, {"not named image"});
    refused([](Graph& g) { g.values[0].shape.channels = 1; }, {"1 channels"});
    refused([](Graph& g) { g.schema_version = 2; }, {"version 2"});
    expect_error<CheckError>([] { verify(Graph{}); }, {"input -1"});
}

TEST(Verify, RefusesBrokenValues) {
    refused([](Graph& g) { value_named(g, "trunk.up").name = "trunk.sum"; }, {"\"trunk.sum\" is used twice"});
    refused([](Graph& g) { value_named(g, "trunk.up").name.clear(); }, {"has no name"});
    refused([](Graph& g) { value_named(g, "trunk.up").name = "other"; }, {"node trunk.up", "\"other\""});
    refused([](Graph& g) { value_named(g, "trunk.up").producer = -1; }, {"\"trunk.up\" has no producer"});
    refused([](Graph& g) { value_named(g, "trunk.up").producer = 1000; }, {"\"trunk.up\" has no producer"});
    refused([](Graph& g) { value_named(g, "trunk.up").producer = 0; }, {"\"trunk.up\"", "trunk.stem.conv"});
    refused([](Graph& g) { value_named(g, "trunk.up").shape.height = 0; }, {"\"trunk.up\"", "empty shape"});
    refused([](Graph& g) { value_named(g, "trunk.up").shape.width = kMaxExtent + 1; }, {"\"trunk.up\"", "too large"});
    refused([](Graph& g) { value_named(g, "trunk.up").shape.width += 1; }, {"node trunk.up", "expected shape"});
    refused([](Graph& g) { g.values.push_back({"orphan", {1, 1, 1}, -1}); }, {"\"orphan\" has no producer"});
}

TEST(Verify, RefusesBrokenNodes) {
    refused([](Graph& g) { node_named(g, "trunk.up").name = "trunk.sum"; }, {"node name trunk.sum is used twice"});
    refused([](Graph& g) { g.nodes.push_back({"extra", ActivationAttributes{}, {0}, 1000}); }, {"output 1000"});
    refused([](Graph& g) { g.nodes.push_back({"extra", ActivationAttributes{}, {0}, 1}); }, {"extra", "made twice"});
    refused([](Graph& g) { g.nodes.push_back({"extra", ActivationAttributes{}, {0}, 0}); }, {"extra", "made twice"});
    refused([](Graph& g) { node_named(g, "trunk.up").inputs[0] = 1000; }, {"node trunk.up", "input 1000"});
    refused([](Graph& g) { node_named(g, "trunk.up").inputs[0] = -2; }, {"node trunk.up", "input -2"});
    refused([](Graph& g) { node_named(g, "trunk.up").inputs.pop_back(); }, {"node trunk.up", "two inputs"});
    refused([](Graph& g) { node_named(g, "trunk.pool").inputs[0] = g.find_value("trunk.sum").value(); },
            {"node trunk.pool", "\"trunk.sum\" is used before it is made"});
    refused([](Graph& g) { std::get<PoolAttributes>(node_named(g, "trunk.pool").attributes).stride = 0; },
            {"node trunk.pool", "stride 0"});
}

TEST(Verify, RefusesBrokenParameters) {
    refused([](Graph& g) { g.parameters.erase("trunk.p3.bias"); }, {"node trunk.p3", "\"trunk.p3.bias\" is missing"});
    refused([](Graph& g) { g.parameters.at("trunk.p3.bias").shape = {9}; }, {"\"trunk.p3.bias\"", "wrong shape"});
    refused([](Graph& g) { g.parameters.at("trunk.p3.bias").role = ParameterRole::scale; },
            {"\"trunk.p3.bias\"", "wrong role"});
    refused([](Graph& g) { g.parameters["spare"].shape = {1}; }, {"\"spare\" is used by no node"});
    refused([](Graph& g) { g.parameters.at("trunk.p3.bias").init_std = -1; }, {"start value"});
    refused(
        [](Graph& g) {
            g.parameters.at("trunk.p3.bias").init_pattern = {0, std::numeric_limits<double>::infinity()};
        },
        {"start value"});
    refused([](Graph& g) { g.parameters.at("trunk.p3.bias").init_value = std::numeric_limits<double>::quiet_NaN(); },
            {"start value"});
    refused([](Graph& g) { std::get<ConvAttributes>(node_named(g, "trunk.p3").attributes).parameters.clear(); },
            {"node trunk.p3", "no prefix"});
}

TEST(Verify, RefusesBrokenOutputs) {
    refused([](Graph& g) { g.outputs["lost"] = 1000; }, {"\"lost\"", "1000"});
    refused([](Graph& g) { g.outputs["lost"] = -1; }, {"\"lost\"", "-1"});
    refused([](Graph& g) { g.outputs[""] = 0; }, {"no name"});
}

TEST(Verify, ShowsTheFirstProblemsAndCountsTheRest) {
    refused(
        [](Graph& g) {
            for (int i = 0; i < 8; ++i) g.values.push_back({"orphan" + std::to_string(i), {1, 1, 1}, -1});
        },
        {"orphan0", "orphan4", "and 3 more"});
}

} // namespace
} // namespace banyan
