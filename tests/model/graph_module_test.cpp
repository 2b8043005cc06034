#include "model/graph_module.h"

#include <algorithm>
#include <utility>

#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "graph/builder.h"
#include "graph/pass_list.h"
#include "model/graph_plan.h"
#include "model/libtorch.h"
#include "support/expect_error.h"
#include "support/tensor_close.h"

namespace banyan {
namespace {

constexpr test::Tolerance kRounding{1e-10, 1e-10};

ConvBnActOptions layer_of(std::int64_t channels, std::int64_t kernel, std::int64_t stride = 1,
                          Activation activation = Activation::relu) {
    ConvBnActOptions options;
    options.out_channels = channels;
    options.kernel = kernel;
    options.stride = stride;
    options.activation = activation;
    return options;
}

void append_branch(GraphBuilder& b, const std::string& name, const std::map<std::string, ValueId>& levels) {
    for (const auto& [level, value] : levels) {
        ConvBnActOptions tower = layer_of(8, 3);
        tower.suffix = "." + level;
        ConvAttributes last;
        last.out_channels = 4;
        last.bias = true;
        last.parameters = name + ".cls";
        const ValueId cls = b.conv(b.conv_bn_act(value, name + ".tower", tower), name + ".cls." + level, last);
        b.output(name + "." + level, b.scale(cls, name + ".scale." + level));
    }
}

/// A trunk with a residual block and two levels, and two branches with towers shared over the levels: all that plans
/// join and overwrite.
Graph small_network() {
    GraphBuilder b(16, 16);
    const ValueId stem = b.conv_bn_act(b.image(), "trunk.stem", layer_of(8, 3, 2));
    ValueId x = b.conv_bn_act(stem, "trunk.expand", layer_of(16, 1, 1, Activation::relu6));
    ConvBnActOptions depthwise = layer_of(16, 3, 1, Activation::relu6);
    depthwise.groups = 16;
    x = b.conv_bn_act(x, "trunk.dw", depthwise);
    x = b.conv_bn_act(x, "trunk.project", layer_of(8, 1, 1, Activation::none));
    const ValueId p2 = b.add(stem, x, "trunk.residual");
    const ValueId p3 = b.conv_bn_act(p2, "trunk.p3", layer_of(8, 3, 2, Activation::silu));
    const ValueId lateral = b.conv_bn_act(p2, "trunk.lateral", layer_of(8, 1, 1, Activation::none));
    const ValueId merged = b.add(lateral, b.upsample_like(p3, p2, "trunk.up"), "trunk.merged");
    append_branch(b, "branches.face", {{"p2", merged}, {"p3", p3}});
    append_branch(b, "branches.hand", {{"p2", merged}, {"p3", p3}});
    return b.build();
}

/// Statistics and affine parts that are not trivial.
void scramble_norms(GraphModule& module) {
    torch::manual_seed(3);
    for (const auto& [name, parameter] : module.graph().parameters) {
        const ParameterRole role = parameter.role;
        const bool positive = role == ParameterRole::running_var || role == ParameterRole::norm_weight;
        const bool any =
            role == ParameterRole::running_mean || role == ParameterRole::norm_bias || role == ParameterRole::bias;
        if (positive) module.assign(name, torch::rand(parameter.shape, at::kDouble) + 0.5);
        if (any) module.assign(name, torch::randn(parameter.shape, at::kDouble) * 0.3);
    }
}

GraphModuleOptions double_options() {
    GraphModuleOptions options;
    options.dtype = at::kDouble;
    return options;
}

GraphModule scrambled_module() {
    GraphModule module(small_network(), double_options());
    scramble_norms(module);
    return module;
}

at::Tensor random_images(std::int64_t count, std::int64_t size = 16) {
    return torch::randn({count, 3, size, size}, at::kDouble);
}

ValueId id_of(const GraphModule& module, const std::string& name) { return module.graph().find_value(name).value(); }

RunRequest request_for(const GraphModule& module, const at::Tensor& images) {
    RunRequest request;
    request.given[module.graph().input] = images;
    for (const auto& [name, id] : module.graph().outputs) request.targets.push_back(id);
    return request;
}

/// Nothing is joined and nothing overwritten when every value is a target.
RunRequest with_all_values(const GraphModule& module, RunRequest request) {
    request.targets.clear();
    for (const Node& node : module.graph().nodes) request.targets.push_back(node.output);
    return request;
}

/// Gradients of a loss over the values `ids`; undefined for parameters without one.
std::map<std::string, at::Tensor> gradients(const GraphModule& module, const std::map<ValueId, at::Tensor>& values,
                                            const std::vector<ValueId>& ids) {
    at::Tensor loss = torch::zeros({}, at::kDouble);
    for (const ValueId id : ids) loss = loss + (values.at(id) * values.at(id) + values.at(id)).sum();
    std::vector<at::Tensor> parameters;
    for (const auto& [name, parameter] : module.parameters()) parameters.push_back(parameter);
    const auto found = torch::autograd::grad({loss}, parameters, {}, std::nullopt, false, /*allow_unused=*/true);
    std::map<std::string, at::Tensor> result;
    for (const auto& [name, parameter] : module.parameters()) result[name] = found[result.size()];
    return result;
}

TEST(GraphModule, JoinedAndInPlacePlanEqualsThePlainOneWithGradients) {
    GraphModule module = scrambled_module();
    const std::vector<std::vector<std::string>> frozen_sets{{}, {"trunk."}, {""}};
    for (const bool training : {false, true}) {
        for (const std::vector<std::string>& frozen : frozen_sets) {
            RunRequest request = request_for(module, random_images(3));
            request.training = training;
            request.frozen_norms = frozen;
            const auto joined = module.run(request), plain = module.run(with_all_values(module, request));
            for (const ValueId id : request.targets) expect_close(joined.at(id), plain.at(id), kRounding);
            const auto got = gradients(module, joined, request.targets);
            for (const auto& [name, expected] : gradients(module, plain, request.targets)) {
                ASSERT_EQ(got.at(name).defined(), expected.defined()) << name;
                if (expected.defined()) expect_close(got.at(name), expected, kRounding);
            }
        }
    }
}

TEST(GraphModule, FrozenNormEqualsConvolutionThenNormWithConstantAffine) {
    constexpr test::Tolerance kTight{1e-12, 1e-12};
    GraphBuilder b(8, 8);
    ConvAttributes conv;
    conv.out_channels = 5;
    conv.kernel = 3;
    conv.pad = 1;
    conv.bias = true;
    const ValueId y = b.batch_norm(b.conv(b.image(), "c", conv), "n");
    b.output("y", y);
    GraphModule module(b.build(), double_options());
    scramble_norms(module);
    RunRequest request = request_for(module, random_images(2, 8));
    request.training = true;
    request.frozen_norms = {"n."};
    const at::Tensor weight = module.tensor("c.weight"), bias = module.tensor("c.bias");
    const at::Tensor mean_before = module.tensor("n.running_mean").clone();
    const at::Tensor got = module.run(request).at(y);
    const at::Tensor convolved = at::conv2d(request.given.at(0), weight, bias, 1, 1);
    const at::Tensor expected =
        at::batch_norm(convolved, module.tensor("n.weight"), module.tensor("n.bias"), module.tensor("n.running_mean"),
                       module.tensor("n.running_var"), false, 0.1, 1e-5, false);
    expect_close(got, expected, kTight);

    const at::Tensor upstream = torch::randn_like(got);
    const auto expected_gradients = torch::autograd::grad({expected}, {weight, bias}, {upstream});
    got.backward(upstream);
    expect_close(weight.grad(), expected_gradients[0], kTight);
    expect_close(bias.grad(), expected_gradients[1], kTight);
    EXPECT_FALSE(module.tensor("n.weight").grad().defined());
    EXPECT_FALSE(module.tensor("n.bias").grad().defined());
    expect_close(module.tensor("n.running_mean"), mean_before);
    EXPECT_EQ(frozen_norm_parameters(module.graph(), {"n."}), (std::vector<std::string>{"n.bias", "n.weight"}));
}

TEST(GraphModule, FoldsFrozenNormsUnderAutocast) {
    GraphModule module(small_network());
    scramble_norms(module);
    RunRequest request = request_for(module, random_images(2, 32).to(at::kFloat));
    request.training = true;
    request.frozen_norms = {"trunk.", "branches."};
    const auto exact = module.run(request);
    at::autocast::set_autocast_enabled(at::kCPU, true);
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
    const auto rough = module.run(request);
    at::autocast::set_autocast_enabled(at::kCPU, false);
    at::autocast::clear_cache();
    for (const ValueId id : request.targets) {
        EXPECT_EQ(rough.at(id).scalar_type(), at::kBFloat16);
        const double largest = exact.at(id).abs().max().item<double>();
        expect_close(rough.at(id), exact.at(id), {0.02, 0.02 * largest}); // BF16 has 8 significant bits
    }
    rough.at(request.targets[0]).sum().backward();
    EXPECT_EQ(module.tensor("trunk.stem.conv.weight").grad().scalar_type(), at::kFloat);
}

TEST(GraphModule, KeepsGroupNormsNarrowAndChannelsLastUnderAutocast) {
    GraphBuilder b(8, 8);
    ConvBnActOptions layer = layer_of(8, 3);
    layer.norm = {NormKind::group, 2};
    const ValueId y = b.conv_bn_act(b.image(), "l", layer);
    b.output("y", y);
    GraphModule module(b.build());
    RunRequest request = request_for(module, random_images(2, 8).to(at::kFloat));
    request.training = true;
    const at::Tensor exact = module.run(request).at(y);
    at::autocast::set_autocast_enabled(at::kCPU, true);
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
    const at::Tensor rough = module.run(request).at(y);
    at::autocast::set_autocast_enabled(at::kCPU, false);
    at::autocast::clear_cache();
    EXPECT_EQ(rough.scalar_type(), at::kBFloat16);
    EXPECT_TRUE(rough.is_contiguous(at::MemoryFormat::ChannelsLast));
    expect_close(rough, exact, {0.02, 0.02 * exact.abs().max().item<double>()});
    rough.sum().backward();
    for (const char* name : {"l.conv.weight", "l.gn.weight", "l.gn.bias"}) {
        EXPECT_EQ(module.tensor(name).grad().scalar_type(), at::kFloat) << name;
    }
}

TEST(GraphModule, RunsASubgraphOnChosenRowsLikeTheWhole) {
    GraphModule module = scrambled_module();
    const at::Tensor images = random_images(4);
    const auto whole = module.run(request_for(module, images));
    RunRequest trunk = request_for(module, images);
    trunk.targets = {id_of(module, "trunk.merged"), id_of(module, "trunk.p3.act")};
    const auto features = module.run(trunk);

    const at::Tensor rows = torch::tensor({1, 3});
    RunRequest branch;
    for (const ValueId id : trunk.targets) branch.given[id] = features.at(id).index({rows});
    branch.targets = {module.graph().outputs.at("branches.hand.p2"), module.graph().outputs.at("branches.hand.p3")};
    const auto part = module.run(branch);
    for (const ValueId id : branch.targets) expect_close(part.at(id), whole.at(id).index({rows}), kRounding);
}

TEST(GraphModule, LeavesGradientsOfUnusedParametersUndefined) {
    GraphModule module = scrambled_module();
    RunRequest request = request_for(module, random_images(2));
    request.targets = {module.graph().outputs.at("branches.face.p3")};
    request.training = true;
    const auto unused = [](const std::string& name) {
        return name.starts_with("branches.hand.") || name.starts_with("trunk.lateral") ||
               name.find(".p2.") != std::string::npos;
    };
    for (const auto& [name, gradient] : gradients(module, module.run(request), request.targets)) {
        EXPECT_EQ(gradient.defined(), !unused(name)) << name;
    }
}

TEST(GraphModule, UpdatesRunningStatisticsWithMomentumOneTenth) {
    GraphModule module = scrambled_module();
    RunRequest request = request_for(module, random_images(2));
    request.targets = {id_of(module, "trunk.stem.act")};
    const at::Tensor& mean = module.tensor("trunk.stem.bn.running_mean");
    const at::Tensor& variance = module.tensor("trunk.stem.bn.running_var");
    const at::Tensor old_mean = mean.clone(), old_variance = variance.clone();
    const at::Tensor conv = at::conv2d(request.given.at(0), module.tensor("trunk.stem.conv.weight"), {}, 2, 1);
    module.run(request);
    expect_close(mean, old_mean);
    request.training = true;
    module.run(request);
    expect_close(mean, 0.9 * old_mean + 0.1 * conv.mean({0, 2, 3}), kRounding);
    expect_close(variance, 0.9 * old_variance + 0.1 * conv.var({0, 2, 3}, /*unbiased=*/true), kRounding);
}

TEST(GraphModule, KeepsItsStatisticsWhereAChannelHasOneValue) {
    GraphModule module = scrambled_module();
    RunRequest request = request_for(module, random_images(1, 2));
    const at::Tensor mean = module.tensor("trunk.stem.bn.running_mean").clone();
    request.training = true;
    const auto values = module.run(request);
    EXPECT_TRUE(at::equal(module.tensor("trunk.stem.bn.running_mean"), mean));
    for (const auto& [id, value] : values) EXPECT_TRUE(at::isfinite(value).all().item<bool>()) << id;
}

TEST(GraphModule, FoldBatchNormPassKeepsItsResults) {
    GraphModule module = scrambled_module();
    module.load_host(module.to_host()); // float32 values, as the pass has them
    const GraphWithValues folded = apply_passes({module.graph(), module.to_host()});
    EXPECT_LT(folded.graph.nodes.size(), module.graph().nodes.size());
    GraphModule other(folded.graph, double_options());
    other.load_host(folded.tensors);
    const at::Tensor images = random_images(2);
    const auto expected = module.run_outputs(images), got = other.run_outputs(images);
    ASSERT_EQ(got.size(), 4U);
    for (const auto& [name, value] : expected) expect_close(got.at(name), value, {1e-5, 1e-5});
}

TEST(GraphModule, DrawsEachParameterFromSeedAndNameAlone) {
    const GraphModule whole(small_network());
    GraphBuilder b(16, 16);
    b.output("y", b.conv_bn_act(b.image(), "trunk.stem", layer_of(8, 3, 2)));
    const GraphModule alone(b.build());
    GraphModuleOptions options;
    options.seed = 1;
    const GraphModule other_seed(b.build(), options);
    const std::string stem = "trunk.stem.conv.weight", tower = ".tower.conv.weight";
    expect_close(alone.tensor(stem), whole.tensor(stem));
    EXPECT_FALSE(at::equal(other_seed.tensor(stem), whole.tensor(stem)));
    EXPECT_FALSE(at::equal(whole.tensor("branches.face" + tower), whole.tensor("branches.hand" + tower)));
}

TEST(GraphModule, StartsWithHeWeightsAndTrivialNorms) {
    const GraphModule module(small_network());
    // Fan-out of 8 channels and a 3x3 kernel: sqrt(2 / 72) = 0.1667; depthwise: sqrt(2 / 9) = 0.4714.
    EXPECT_NEAR(module.tensor("branches.face.tower.conv.weight").std().item<double>(), 0.1667, 0.02);
    EXPECT_NEAR(module.tensor("trunk.dw.conv.weight").std().item<double>(), 0.4714, 0.1);
    EXPECT_TRUE(module.tensor("trunk.stem.bn.running_var").eq(1).all().item<bool>());
    EXPECT_TRUE(module.tensor("trunk.stem.bn.bias").eq(0).all().item<bool>());
    EXPECT_FALSE(module.tensor("trunk.stem.bn.running_var").requires_grad());
    EXPECT_TRUE(module.tensor("branches.face.scale.p2.scale").requires_grad());
    EXPECT_TRUE(module.tensor("trunk.stem.conv.weight").is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST(GraphModule, PlanJoinsNormsActivationsAndSums) {
    const Graph graph = small_network();
    PlanRequest request{{graph.input}, {graph.outputs.at("branches.face.p2")}, true, {"trunk."}};
    const std::vector<PlanStep> frozen = make_plan(graph, request);
    // stem, expand, dw, project, residual, p3, lateral, up, merged, tower conv, tower norm + activation, cls, scale
    EXPECT_EQ(frozen.size(), 13U);
    EXPECT_EQ(std::count_if(frozen.begin(), frozen.end(), [](const PlanStep& s) { return s.overwrites >= 0; }), 2);
    request.frozen_norms.clear();
    EXPECT_EQ(make_plan(graph, request).size(), 19U); // each of the trunk's six norms on its own
}

TEST(GraphModule, NeverChangesWhatTheCallerGives) {
    GraphModule module = scrambled_module();
    const ValueId merged = id_of(module, "trunk.merged"), lateral = id_of(module, "trunk.lateral.bn");
    const ValueId up = id_of(module, "trunk.up");
    RunRequest request;
    for (const ValueId id : {lateral, up}) {
        request.given[id] = torch::randn({2, 8, 8, 8}, at::kDouble).contiguous(at::MemoryFormat::ChannelsLast);
    }
    request.targets = {module.graph().outputs.at("branches.face.p2"), merged, up};
    const at::Tensor before = request.given[lateral].clone(), other = request.given[up].clone();
    const auto values = module.run(request);
    expect_close(request.given[lateral], before);
    expect_close(values.at(up), other);
    expect_close(values.at(merged), before + other);
}

TEST(GraphModule, RefusesWhatItDoesNotKnow) {
    GraphModule module = scrambled_module();
    RunRequest request = request_for(module, torch::randn({1, 4, 16, 16}, at::kDouble));
    expect_error<ShapeError>([&] { module.run(request); }, {"\"image\"", "[N, 3, H, W]", "[1, 4, 16, 16]"});
    request = request_for(module, random_images(2));
    request.given[id_of(module, "trunk.merged")] = torch::randn({1, 8, 8, 8}, at::kDouble);
    expect_error<ShapeError>([&] { module.run(request); }, {"trunk.merged", "[2, 8, H, W]"});
    request.given.clear();
    expect_error<CheckError>([&] { module.run(request); }, {"image"});
    request.targets = {10000};
    expect_error<CheckError>([&] { module.run(request); }, {"no value 10000"});
    request.given[-4] = torch::zeros({1});
    expect_error<CheckError>([&] { module.run(request); }, {"no value -4"});
    expect_error<CheckError>([&] { module.tensor("nothing"); }, {"\"nothing\""});
    expect_error<ShapeError>([&] { module.assign("trunk.stem.bn.weight", torch::zeros({3})); },
                             {"trunk.stem.bn.weight", "[8]", "[3]"});
}

TEST(GraphModule, CopiesItsTensorsToHostAndBack) {
    GraphModule first(small_network());
    scramble_norms(first);
    GraphModuleOptions options;
    options.seed = 9;
    GraphModule second(small_network(), options);
    const HostTensors host = first.to_host();
    ASSERT_EQ(host.size(), first.graph().parameters.size());
    second.load_host(host);
    EXPECT_EQ(second.to_host(), host);
    const HostTensors wrong{{"trunk.stem.bn.weight", {{8}, std::vector<float>(7)}}};
    expect_error<CheckError>([&] { second.load_host(wrong); }, {"trunk.stem.bn.weight"});
    const at::Tensor images = random_images(1).to(at::kFloat);
    second.run_outputs(images);
    GraphModule moved = std::move(second); // with its plans
    for (const auto& [name, value] : first.run_outputs(images)) expect_close(moved.run_outputs(images).at(name), value);
}

} // namespace
} // namespace banyan
