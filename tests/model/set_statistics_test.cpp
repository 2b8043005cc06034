#include "model/set_statistics.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "graph/builder.h"
#include "model/graph_module.h"
#include "model/libtorch.h"
#include "support/expect_error.h"
#include "support/tensor_close.h"

namespace banyan {
namespace {

constexpr test::Tolerance kRounding{1e-10, 1e-10};

TEST(RowGroups, CountRowsThatLieTogether) {
    const std::vector<RowGroup> groups = row_groups({2, 2, 0, 3, 3, 3}, 4);
    ASSERT_EQ(groups.size(), 3U);
    EXPECT_EQ(groups[0].set, 2U);
    EXPECT_EQ(groups[0].rows, 2);
    EXPECT_EQ(groups[1].set, 0U);
    EXPECT_EQ(groups[1].rows, 1);
    EXPECT_EQ(groups[2].rows, 3);
    EXPECT_TRUE(row_groups({}, 4).empty());
}

TEST(RowGroups, RefuseUnknownAndScatteredDataSets) {
    expect_error<CheckError>([] { row_groups({0, 4}, 4); }, {"[0, 4)", "found 4"});
    expect_error<CheckError>([] { row_groups({-1}, 4); }, {"found -1"});
    expect_error<CheckError>([] { row_groups({0, 1, 0}, 2); }, {"data set 0", "together"});
}

TEST(SetStatisticNames, AreReadBack) {
    EXPECT_EQ(set_statistic_name("a.running_mean", 12), "a.running_mean@12");
    EXPECT_EQ(set_of_statistic("a.running_mean@12"), 12U);
    EXPECT_EQ(set_of_statistic("a.running_mean"), std::nullopt);
    EXPECT_EQ(set_of_statistic("branches.a@2.bn.running_mean"), std::nullopt);
    EXPECT_EQ(set_of_statistic("a@"), std::nullopt);
}

TEST(MixedStatistics, AreThoseOfAllValuesTogether) {
    torch::manual_seed(1);
    const std::vector<std::int64_t> counts{100, 300, 600};
    std::vector<at::Tensor> values;
    std::vector<NormStatistics> sets;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const auto at = static_cast<double>(i);
        values.push_back(torch::randn({counts[i], 5}, at::kDouble) * (1 + at) + 100 * at);
        sets.push_back({values.back().mean(0), values.back().var(0, /*unbiased=*/false)});
    }
    const NormStatistics mixed = mixed_statistics(sets, {1, 3, 6});
    const at::Tensor all = at::cat(values);
    expect_close(mixed.mean, all.mean(0), kRounding);
    expect_close(mixed.variance, all.var(0, /*unbiased=*/false), kRounding);
}

TEST(MixedStatistics, OfOneDataSetAreItsOwn) {
    const NormStatistics one{torch::randn({4}), torch::rand({4})};
    const NormStatistics mixed = mixed_statistics({one}, {0.3});
    EXPECT_TRUE(at::equal(mixed.mean.to(at::kFloat), one.mean));
    EXPECT_TRUE(at::equal(mixed.variance.to(at::kFloat), one.variance));
    EXPECT_THROW(mixed_statistics({one}, {0.5, 0.5}), CheckError);
    EXPECT_THROW(mixed_statistics({}, {}), CheckError);
}

/// A trunk of two layers with a residual sum, and a branch with a norm of its own.
Graph layered_graph() {
    GraphBuilder b(8, 8);
    ConvBnActOptions layer;
    layer.out_channels = 6;
    const ValueId stem = b.conv_bn_act(b.image(), "trunk.a", layer);
    layer.activation = Activation::none;
    const ValueId sum = b.add(stem, b.conv_bn_act(stem, "trunk.b", layer), "trunk.sum");
    b.output("trunk", sum);
    b.output("branch", b.conv_bn_act(sum, "branches.x", layer));
    return b.build();
}

/// float64, affine parts and statistics that are not trivial.
GraphModule layered_module() {
    GraphModuleOptions options;
    options.dtype = at::kDouble;
    GraphModule module(layered_graph(), options);
    torch::manual_seed(2);
    for (const auto& [name, parameter] : module.graph().parameters) {
        const bool positive =
            parameter.role == ParameterRole::running_var || parameter.role == ParameterRole::norm_weight;
        if (positive) module.assign(name, torch::rand(parameter.shape, at::kDouble) + 0.5);
        if (parameter.role == ParameterRole::running_mean) module.assign(name, torch::randn(parameter.shape));
    }
    return module;
}

RunRequest training_of_trunk(const GraphModule& module, const at::Tensor& images,
                             const std::vector<std::int64_t>& row_sets) {
    RunRequest request;
    request.given[module.graph().input] = images;
    request.targets = {module.graph().outputs.at("trunk")};
    request.training = true;
    request.row_sets = row_sets;
    return request;
}

at::Tensor run_trunk(GraphModule& module, const at::Tensor& images, const std::vector<std::int64_t>& row_sets) {
    const RunRequest request = training_of_trunk(module, images, row_sets);
    return module.run(request).at(request.targets[0]);
}

std::vector<at::Tensor> gradients_of(const at::Tensor& output, const at::Tensor& upstream, const GraphModule& module) {
    std::vector<at::Tensor> trunk;
    for (const auto& [name, parameter] : module.parameters()) {
        if (name.starts_with("trunk.")) trunk.push_back(parameter);
    }
    return torch::autograd::grad({output}, trunk, {upstream});
}

TEST(SeparatedNorms, TreatEachDataSetAsABatchOfItsOwn) {
    GraphModule separated = layered_module();
    separated.separate_norms({"trunk."}, {1, 1, 1});
    const at::Tensor images = torch::randn({6, 3, 8, 8}, at::kDouble);
    const at::Tensor got = run_trunk(separated, images, {0, 0, 0, 2, 2, 1});
    const at::Tensor upstream = torch::randn_like(got);
    const auto gradients = gradients_of(got, upstream, separated);

    std::vector<at::Tensor> sums(gradients.size());
    const std::vector<std::array<std::int64_t, 3>> groups{{0, 0, 3}, {2, 3, 2}, {1, 5, 1}}; // set, first row, rows
    for (const auto& [set, first, rows] : groups) {
        GraphModule alone = layered_module(); // the same start values
        const at::Tensor part = run_trunk(alone, images.narrow(0, first, rows), {});
        expect_close(got.narrow(0, first, rows), part, kRounding);
        const auto part_gradients = gradients_of(part, upstream.narrow(0, first, rows), alone);
        for (std::size_t i = 0; i < sums.size(); ++i) {
            sums[i] = sums[i].defined() ? sums[i] + part_gradients[i] : part_gradients[i];
        }
        for (const std::string statistic : {"trunk.a.bn.running_mean", "trunk.b.bn.running_var"}) {
            expect_close(separated.tensor(set_statistic_name(statistic, static_cast<std::size_t>(set))),
                         alone.tensor(statistic), kRounding);
        }
    }
    for (std::size_t i = 0; i < sums.size(); ++i) expect_close(gradients[i], sums[i], kRounding);
}

TEST(SeparatedNorms, KeepStatisticsOfAbsentDataSetsAndTheMixtureToTheBit) {
    GraphModule module = layered_module();
    module.separate_norms({"trunk."}, {1, 1});
    std::map<std::string, at::Tensor> before;
    for (const auto& [name, buffer] : module.buffers()) before[name] = buffer.clone();
    run_trunk(module, torch::randn({2, 3, 8, 8}, at::kDouble), {1, 1});
    for (const auto& [name, buffer] : module.buffers()) {
        EXPECT_EQ(at::equal(buffer, before.at(name)), set_of_statistic(name) != 1U) << name;
    }
}

TEST(SeparatedNorms, LeaveOtherNormsAndPredictionsAlone) {
    GraphModule module = layered_module(), plain = layered_module();
    const at::Tensor images = torch::randn({2, 3, 8, 8}, at::kDouble);
    module.run_outputs(images); // plans made before the separation
    module.separate_norms({"trunk."}, {1, 1});
    EXPECT_EQ(module.buffers().size(), plain.buffers().size() + 2 * 2 * 2);
    run_trunk(module, images, {0, 1});
    const auto got = module.run_outputs(images), expected = plain.run_outputs(images);
    for (const auto& [name, value] : expected) expect_close(got.at(name), value);
    EXPECT_EQ(module.to_host().size(), module.graph().parameters.size());
}

TEST(SeparatedNorms, MixIntoTheStatisticsOfThePlainGraph) {
    GraphModule module = layered_module();
    module.separate_norms({"trunk."}, {3, 1});
    const std::string mean = "trunk.a.bn.running_mean", variance = "trunk.a.bn.running_var";
    run_trunk(module, torch::randn({5, 3, 8, 8}, at::kDouble) + 2, {0, 0, 0, 1, 1});
    module.mix_set_statistics();
    const at::Tensor m0 = module.tensor(mean + "@0"), m1 = module.tensor(mean + "@1");
    const at::Tensor v0 = module.tensor(variance + "@0"), v1 = module.tensor(variance + "@1");
    expect_close(module.tensor(mean), 0.75 * m0 + 0.25 * m1, kRounding);
    const at::Tensor second_moment = 0.75 * (v0 + m0 * m0) + 0.25 * (v1 + m1 * m1);
    expect_close(module.tensor(variance), second_moment - module.tensor(mean) * module.tensor(mean), kRounding);
}

TEST(SeparatedNorms, RefuseRowsOfNoKnownDataSet) {
    GraphModule module = layered_module();
    const at::Tensor images = torch::randn({2, 3, 8, 8}, at::kDouble);
    EXPECT_THROW(module.separate_norms({"trunk."}, {}), CheckError);
    EXPECT_THROW(module.separate_norms({"trunk."}, {1, 0}), CheckError);
    module.separate_norms({"trunk."}, {1, 1});
    expect_error<CheckError>([&] { run_trunk(module, images, {}); }, {"trunk.a.bn", "row_sets"});
    expect_error<CheckError>([&] { run_trunk(module, images, {0, 2}); }, {"found 2"});
    expect_error<CheckError>([&] { run_trunk(module, images, {0}); }, {"1 data sets for 2 rows"});
    expect_error<CheckError>([&] { module.separate_norms({"trunk."}, {1, 1}); }, {"once"});
}

} // namespace
} // namespace banyan
