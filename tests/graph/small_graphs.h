#pragma once

#include <string>

#include "core/random.h"
#include "graph/builder.h"
#include "graph/fold_batch_norm.h"

namespace banyan::test {

/// One network with every operator: a trunk of two levels, a "face" branch whose tower is shared over both levels with
/// a batch norm each, a "pose" classifier behind a group norm, and a "parts" branch of shuffled channels.
inline GraphBuilder every_operator() {
    GraphBuilder builder(32, 48);
    ValueId fine = builder.conv_bn_act(builder.image(), "trunk.stem", {.out_channels = 8, .stride = 2});
    fine = builder.max_pool(fine, "trunk.pool", 2, 2, 0);
    ConvBnActOptions down{.out_channels = 8, .stride = 2, .activation = Activation::silu};
    down.padding = Padding::same_tf;
    const ValueId coarse = builder.separable_bn_act(fine, "trunk.down", down);
    const ValueId up = builder.upsample_like(coarse, fine, "trunk.up");
    const ValueId sum = builder.add(fine, up, "trunk.sum");
    const ValueId joined = builder.concat({sum, builder.average_pool(fine, "trunk.smooth", 3, 1, 1)}, "trunk.joined");
    const ValueId p3 = builder.conv(joined, "trunk.p3", {.out_channels = 8, .bias = true});

    for (const auto& [suffix, level] : {std::pair{".p3", p3}, std::pair{".p4", coarse}}) {
        const std::string end = suffix;
        const ValueId tower = builder.conv_bn_act(level, "branches.face.tower", {.out_channels = 8, .suffix = end});
        ConvAttributes cls{.out_channels = 2, .kernel = 3, .pad = 1, .bias = true};
        cls.parameters = "branches.face.cls";
        const ValueId logits = builder.conv(tower, "branches.face.cls" + end, cls, {.weight_std = 0.01, .bias = -4.6});
        builder.output("face.cls" + end, builder.scale(logits, "branches.face.scale" + end, {}, 1.5));
    }
    const ValueId grouped = builder.group_norm(coarse, "branches.pose.gn", {.groups = 4});
    const ValueId pooled = builder.global_average_pool(grouped, "branches.pose.pool");
    const ValueId pose = builder.linear(pooled, "branches.pose.fc", {.out_features = 5});
    builder.output("pose.logits", builder.activation(pose, "branches.pose.sigmoid", Activation::sigmoid));
    const ValueId shuffled = builder.select_channels(coarse, "branches.parts.shuffle", {0, 4, 1, 5, 2, 6, 3, 7});
    ConvAttributes wide{.out_channels = 4, .kernel = 3, .pad = 2, .bias = true};
    wide.dilation = 2;
    const ValueId parts = builder.conv(shuffled, "branches.parts.wide", wide);
    builder.output("parts.shares", builder.softmax(parts, "branches.parts.softmax"));
    return builder;
}

/// A value for each parameter, from the seed; variances are positive.
inline GraphWithValues with_random_values(Graph graph, std::uint64_t seed = 1) {
    Random random(seed);
    GraphWithValues result{std::move(graph), {}};
    for (const auto& [name, parameter] : result.graph.parameters) {
        HostTensor tensor{parameter.shape, {}};
        for (std::int64_t i = 0; i < tensor.count(); ++i) {
            const bool positive = parameter.role == ParameterRole::running_var;
            tensor.data.push_back(static_cast<float>(positive ? random.uniform(0.5, 2) : random.uniform(-1, 1)));
        }
        result.tensors[name] = std::move(tensor);
    }
    return result;
}

} // namespace banyan::test
